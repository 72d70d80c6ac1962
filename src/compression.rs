//! Compressed streams: recognised by their first bytes, never by a name, and read without ever
//! holding the whole of what they unfold to; written as the ending of a new file's name asks for.

use std::io::{self, BufRead, Read, Write};
use std::path::Path;

use crate::error::{Error, FormatError, FormatErrorKind};

/// How many first bytes [`Compression::of`] wants to see.
pub const HEAD_BYTES: usize = 10;

/// The memory that one xz stream may ask for; `xz -9` asks for 65 MiB.
const XZ_MEMORY_BYTES: u64 = 512 << 20;

/// A compression that is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compression {
    /// gzip, of one or many members.
    Gzip,
    /// bzip2, of one or many streams.
    Bzip2,
    /// xz, of one or many streams.
    Xz,
    /// Zstandard, of one or many frames.
    Zstd,
}

impl Compression {
    /// The compression of a stream that begins with `head`; `None` for plain bytes.
    pub fn of(head: &[u8]) -> Option<Self> {
        // bzip2 begins with letters that a text may begin with, too: its block's or end's own magic
        // follows them.
        let is_bzip2 = matches!(head, [b'B', b'Z', b'h', b'1'..=b'9', magic @ ..]
            if magic.starts_with(b"\x31\x41\x59\x26\x53\x59")
                || magic.starts_with(b"\x17\x72\x45\x38\x50\x90"));
        match head {
            [0x1f, 0x8b, 0x08, ..] => Some(Self::Gzip),
            [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Some(Self::Xz),
            // A frame, or a skippable one, which may come first.
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Some(Self::Zstd),
            _ if is_bzip2 => Some(Self::Bzip2),
            _ => None,
        }
    }

    /// What the ending of a file to be written asks for.
    pub fn from_ending(path: &Path) -> Option<Self> {
        match path.extension().and_then(|ending| ending.to_str()) {
            Some("gz") => Some(Self::Gzip),
            Some("bz2") => Some(Self::Bzip2),
            Some("xz") => Some(Self::Xz),
            Some("zst") => Some(Self::Zstd),
            _ => None,
        }
    }

    /// Its name in messages.
    pub fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Bzip2 => "bzip2",
            Self::Xz => "xz",
            Self::Zstd => "zstd",
        }
    }

    /// Reads what `compressed` unfolds to, to the end of its last member.
    pub fn reader<'a>(
        self,
        compressed: impl BufRead + Send + 'a,
    ) -> io::Result<Box<dyn Read + Send + 'a>> {
        Ok(Box::new(Members::new(self, compressed)?))
    }

    /// What an error of [`Compression::reader`] says about the file.
    pub fn error(self, path: &Path, error: io::Error) -> Error {
        if error.raw_os_error().is_some() {
            return Error::io(path, error);
        }
        let text = error.to_string();
        let (kind, message) = if error.get_ref().is_some_and(|inner| inner.is::<TrailingData>()) {
            (FormatErrorKind::Header, text)
        } else if error.kind() == io::ErrorKind::UnexpectedEof {
            let message = "the file ends inside the compressed data; get or make it again";
            (FormatErrorKind::Truncated, message.to_owned())
        } else if text.contains("memory") {
            let message = format!(
                "needs more memory to unfold than is allowed ({text}); compress it again with a \
                 smaller window or dictionary"
            );
            (FormatErrorKind::Limit, message)
        } else {
            let message = format!("the compressed data is corrupt ({text}); get or make it again");
            (FormatErrorKind::Checksum, message)
        };
        FormatError { kind, path: Some(path.to_owned()), format: self.name(), message }.into()
    }
}

mod members;
use members::{Members, TrailingData};

/// A writer that compresses, or passes bytes through.
pub enum Encoder<W: Write> {
    /// Not compressed.
    Plain(W),
    /// `.gz`
    Gzip(flate2::write::GzEncoder<W>),
    /// `.bz2`
    Bzip2(bzip2::write::BzEncoder<W>),
    /// `.xz`
    Xz(liblzma::write::XzEncoder<W>),
    /// `.zst`
    Zstd(zstd::stream::write::Encoder<'static, W>),
}

impl<W: Write> Encoder<W> {
    /// Compresses what is written at the usual level; [`Encoder::finish`] must be called at the end.
    pub fn new(compression: Option<Compression>, writer: W) -> io::Result<Self> {
        Ok(match compression {
            None => Self::Plain(writer),
            Some(Compression::Gzip) => {
                Self::Gzip(flate2::write::GzEncoder::new(writer, flate2::Compression::default()))
            }
            Some(Compression::Bzip2) => {
                Self::Bzip2(bzip2::write::BzEncoder::new(writer, bzip2::Compression::default()))
            }
            Some(Compression::Xz) => Self::Xz(liblzma::write::XzEncoder::new(writer, 6)),
            Some(Compression::Zstd) => {
                let mut encoder = zstd::stream::write::Encoder::new(writer, 0)?;
                encoder.include_checksum(true)?;
                Self::Zstd(encoder)
            }
        })
    }

    /// Writes what is still held back and hands the inner writer over.
    pub fn finish(self) -> io::Result<W> {
        match self {
            Self::Plain(writer) => Ok(writer),
            Self::Gzip(encoder) => encoder.finish(),
            Self::Bzip2(encoder) => encoder.finish(),
            Self::Xz(encoder) => encoder.finish(),
            Self::Zstd(encoder) => encoder.finish(),
        }
    }

    fn inner(&mut self) -> &mut dyn Write {
        match self {
            Self::Plain(writer) => writer,
            Self::Gzip(encoder) => encoder,
            Self::Bzip2(encoder) => encoder,
            Self::Xz(encoder) => encoder,
            Self::Zstd(encoder) => encoder,
        }
    }
}

impl<W: Write> Write for Encoder<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.inner().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner().flush()
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    #[test]
    fn what_follows_the_last_member_is_told_apart() {
        for (compression, bytes) in compressed(b"the quick brown fox\n") {
            for garbage in [&b"x"[..], b"garbage", &[7; 100]] {
                let error = read(compression, &[&bytes[..], garbage].concat()).unwrap_err();
                let place = format!("trailing data after byte {}", bytes.len());
                assert!(error.to_string().contains(&place), "{compression:?}: {error}");
            }
            // Tapes and disks are filled with zeros; gzip and xz pass over them.
            let padded = read(compression, &[&bytes[..], &[0; 512]].concat());
            let is_padding = matches!(compression, Compression::Gzip | Compression::Xz);
            assert_eq!(padded.is_ok(), is_padding, "{compression:?}: {padded:?}");
            let odd = read(compression, &[&bytes[..], &[0; 3]].concat());
            assert_eq!(odd.is_ok(), compression == Compression::Gzip, "{compression:?}: {odd:?}");
        }
    }

    #[test]
    fn members_are_told_apart_wherever_the_reader_stops() {
        /// Gives one byte at a time, so that no member's first bytes come together.
        struct Slow<'a>(&'a [u8]);
        impl Read for Slow<'_> {
            fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
                let step = self.0.len().min(out.len()).min(1);
                self.0.read(&mut out[..step])
            }
        }
        for (compression, bytes) in compressed(b"the quick brown fox\n") {
            let whole = [&bytes[..], &bytes, &bytes].concat();
            let slow = io::BufReader::new(Slow(&whole));
            let mut unfolded = Vec::new();
            compression.reader(slow).unwrap().read_to_end(&mut unfolded).unwrap();
            assert_eq!(unfolded, b"the quick brown fox\n".repeat(3), "{compression:?}");
        }
    }

    /// `data` under every compression.
    pub(crate) fn compressed(data: &[u8]) -> Vec<(Compression, Vec<u8>)> {
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(data).unwrap();
        let mut bzip2 = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
        bzip2.write_all(data).unwrap();
        let mut xz = liblzma::write::XzEncoder::new(Vec::new(), 0);
        xz.write_all(data).unwrap();
        let mut zstd = zstd::stream::write::Encoder::new(Vec::new(), 1).unwrap();
        zstd.include_checksum(true).unwrap();
        zstd.write_all(data).unwrap();
        vec![
            (Compression::Gzip, gzip.finish().unwrap()),
            (Compression::Bzip2, bzip2.finish().unwrap()),
            (Compression::Xz, xz.finish().unwrap()),
            (Compression::Zstd, zstd.finish().unwrap()),
        ]
    }

    fn read(compression: Compression, bytes: &[u8]) -> Result<Vec<u8>, Error> {
        let mut unfolded = Vec::new();
        let result = compression.reader(bytes).and_then(|mut r| r.read_to_end(&mut unfolded));
        result.map(|_| unfolded).map_err(|error| compression.error(Path::new("f"), error))
    }

    fn kind(result: Result<Vec<u8>, Error>) -> Option<FormatErrorKind> {
        match result {
            Err(Error::Format(error)) => Some(error.kind),
            _ => None,
        }
    }

    #[test]
    fn every_compression_is_recognised_and_read_over_members() {
        for data in [b"the quick brown fox\n".repeat(50), Vec::new()] {
            for (compression, bytes) in compressed(&data) {
                assert_eq!(Compression::of(&bytes), Some(compression));
                assert_eq!(read(compression, &bytes.repeat(3)).unwrap(), data.repeat(3));
            }
        }
        for plain in [&b"BZh9 is a word"[..], b"", b"\x1f", b"plain"] {
            assert_eq!(Compression::of(plain), None);
        }
    }

    #[test]
    fn every_cut_is_a_truncated_file() {
        for (compression, bytes) in compressed(&b"the quick brown fox\n".repeat(50)) {
            for end in HEAD_BYTES..bytes.len() {
                let found = kind(read(compression, &bytes[..end]));
                assert_eq!(found, Some(FormatErrorKind::Truncated), "{compression:?} at {end}");
            }
        }
    }

    #[test]
    fn damage_is_never_silent() {
        let data: Vec<u8> =
            (0..4000u32).map(|i| (i.wrapping_mul(2654435761) >> 24) as u8).collect();
        for (compression, bytes) in compressed(&data) {
            let mut damaged = bytes.clone();
            damaged[bytes.len() / 2] ^= 0x10;
            let found = kind(read(compression, &damaged));
            assert!(found.is_some(), "{compression:?}");
        }
    }

    #[test]
    fn endings_choose_the_encoder_whose_output_is_read_back() {
        for ending in ["gz", "bz2", "xz", "zst"] {
            let compression = Compression::from_ending(Path::new(&format!("a.txt.{ending}")));
            let mut encoder = Encoder::new(compression, Vec::new()).unwrap();
            encoder.write_all(b"one two").unwrap();
            let bytes = encoder.finish().unwrap();
            assert_eq!(Compression::of(&bytes), compression);
            assert_eq!(read(compression.unwrap(), &bytes).unwrap(), b"one two");
        }
        assert_eq!(Compression::from_ending(Path::new("a.gz.txt")), None);
        assert_eq!(Compression::from_ending(Path::new("gz")), None);
    }
}
