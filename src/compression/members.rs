//! A compressed file may hold several members (streams, frames), one after another: each is unfolded
//! on its own, so that what follows the last one is told apart from a member that is cut.

use std::io::{self, BufRead, Read};

use super::{Compression, XZ_MEMORY_BYTES};

/// Reads member after member.
pub struct Members<R: BufRead> {
    compression: Compression,
    /// The member under way; `None` after the last one, or after an error.
    member: Option<Member<Counted<R>>>,
}

/// The decoder of one member.
enum Member<R: BufRead> {
    Gzip(flate2::bufread::GzDecoder<R>),
    Bzip2(bzip2::bufread::BzDecoder<R>),
    Xz(liblzma::bufread::XzDecoder<R>),
    Zstd(zstd::stream::read::Decoder<'static, R>),
}

/// What stands after the last member.
#[derive(Debug, thiserror::Error)]
#[error(
    "trailing data after byte {0}, where the compressed data ends; cut it off, or make the file again"
)]
pub struct TrailingData(u64);

impl<R: BufRead> Members<R> {
    pub fn new(compression: Compression, compressed: R) -> io::Result<Self> {
        let compressed = Counted { inner: compressed, bytes: 0 };
        Ok(Self { compression, member: Some(Member::new(compression, compressed)?) })
    }

    /// Begins the member that follows; none where the file ends.
    fn next(&self, mut compressed: Counted<R>) -> io::Result<Option<Member<Counted<R>>>> {
        let end = compressed.bytes;
        let padding = skip_zeros(&mut compressed)?;
        let is_padded = match self.compression {
            Compression::Gzip => true,
            Compression::Xz => padding.is_multiple_of(4),
            Compression::Bzip2 | Compression::Zstd => padding == 0,
        };
        let head = compressed.fill_buf()?;
        if is_padded && head.is_empty() {
            return Ok(None);
        }
        if !is_padded || !self.may_begin(head[0]) {
            return Err(io::Error::new(io::ErrorKind::InvalidData, TrailingData(end)));
        }
        Member::new(self.compression, compressed).map(Some)
    }

    /// Whether a member may begin with `first`; the decoder looks at the rest.
    fn may_begin(&self, first: u8) -> bool {
        match self.compression {
            Compression::Gzip => first == 0x1f,
            Compression::Bzip2 => first == b'B',
            Compression::Xz => first == 0xfd,
            Compression::Zstd => first == 0x28 || matches!(first, 0x50..=0x5f),
        }
    }
}

impl<R: BufRead> Read for Members<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if out.is_empty() {
            return Ok(0);
        }
        while let Some(member) = &mut self.member {
            let bytes = member.read(out)?;
            if bytes > 0 {
                return Ok(bytes);
            }
            if let Some(ended) = self.member.take() {
                self.member = self.next(ended.into_inner())?;
            }
        }
        Ok(0)
    }
}

impl<R: BufRead> Member<R> {
    fn new(compression: Compression, compressed: R) -> io::Result<Self> {
        Ok(match compression {
            Compression::Gzip => Self::Gzip(flate2::bufread::GzDecoder::new(compressed)),
            Compression::Bzip2 => Self::Bzip2(bzip2::bufread::BzDecoder::new(compressed)),
            Compression::Xz => {
                let stream = liblzma::stream::Stream::new_stream_decoder(XZ_MEMORY_BYTES, 0)?;
                Self::Xz(liblzma::bufread::XzDecoder::new_stream(compressed, stream))
            }
            Compression::Zstd => {
                let decoder = zstd::stream::read::Decoder::with_buffer(compressed)?;
                Self::Zstd(decoder.single_frame())
            }
        })
    }

    fn into_inner(self) -> R {
        match self {
            Self::Gzip(decoder) => decoder.into_inner(),
            Self::Bzip2(decoder) => decoder.into_inner(),
            Self::Xz(decoder) => decoder.into_inner(),
            Self::Zstd(decoder) => decoder.finish(),
        }
    }
}

impl<R: BufRead> Read for Member<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Gzip(decoder) => decoder.read(out),
            Self::Bzip2(decoder) => decoder.read(out),
            Self::Xz(decoder) => decoder.read(out),
            Self::Zstd(decoder) => decoder.read(out),
        }
    }
}

/// Knows how many bytes were taken.
struct Counted<R> {
    inner: R,
    bytes: u64,
}

impl<R: BufRead> Read for Counted<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let bytes = self.inner.read(out)?;
        self.bytes += bytes as u64;
        Ok(bytes)
    }
}

impl<R: BufRead> BufRead for Counted<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.inner.fill_buf()
    }

    fn consume(&mut self, bytes: usize) {
        self.bytes += bytes as u64;
        self.inner.consume(bytes);
    }
}

/// Passes over zeros; returns how many there were.
fn skip_zeros(reader: &mut impl BufRead) -> io::Result<u64> {
    let mut skipped = 0;
    loop {
        let block = reader.fill_buf()?;
        let zeros = block.iter().take_while(|&&byte| byte == 0).count();
        let is_all = zeros > 0 && zeros == block.len();
        reader.consume(zeros);
        skipped += zeros as u64;
        if !is_all {
            return Ok(skipped);
        }
    }
}
