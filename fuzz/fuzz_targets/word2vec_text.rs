#![no_main]

use libfuzzer_sys::fuzz_target;
use synvec::formats::word2vec::Layout;

fuzz_target!(|data: &[u8]| synvec_fuzz::rows(data, Layout::Text));
