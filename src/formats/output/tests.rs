use super::*;
use crate::progress::Silent;

fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    let mut silent = Silent;
    let mut output = Output::create(Destination::Path(path.to_owned()), &mut silent)?;
    output.write(bytes)?;
    output.finish()
}

fn names(folder: &Path) -> Vec<std::ffi::OsString> {
    let mut names: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    names
}

#[test]
fn a_file_appears_whole_and_nothing_else_does() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.bin");
    write(&path, b"one").unwrap();
    write(&path, b"two").unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"two");
    assert_eq!(names(folder.path()), ["a.bin"]);
}

#[test]
fn what_is_dropped_unfinished_leaves_the_old_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.bin");
    write(&path, b"old").unwrap();
    let mut silent = Silent;
    let mut output = Output::create(Destination::Path(path.clone()), &mut silent).unwrap();
    output.write(&[1; 3 * BLOCK]).unwrap();
    drop(output);
    assert_eq!(fs::read(&path).unwrap(), b"old");
    assert_eq!(names(folder.path()), ["a.bin"]);
}

#[cfg(unix)]
#[test]
fn links_are_followed_and_modes_kept() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let folder = tempfile::tempdir().unwrap();
    let (path, link) = (folder.path().join("a.bin"), folder.path().join("link"));
    symlink("a.bin", &link).unwrap();
    write(&link, b"one").unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    write(&link, b"two").unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"two");
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o640);
}

/// None, one, and those at the borders of a sector and of a test's buffer of two.
const LENGTHS: [usize; 9] = [0, 1, 4095, 4096, 8191, 8192, 8193, 16384, 3 * 8192 + 5];

fn write_unread(path: &Path, bytes: &[u8], piece: usize, head: &[u8]) -> Result<()> {
    let mut silent = Silent;
    let mut output = Output::create(Destination::Unread(path.to_owned()), &mut silent)?;
    for bytes in bytes.chunks(piece) {
        output.write(bytes)?;
    }
    output.finish_with_head(head)
}

#[test]
fn a_file_past_the_cache_holds_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.gz"); // whose ending means nothing here
    for length in LENGTHS {
        let bytes: Vec<u8> = (0..length).map(|i| (i * 7919 % 251) as u8).collect();
        for piece in [1 + length / 50, 3000, 8192, 100_000] {
            let head = [9; 5000];
            let head = &head[..length.min(5000)];
            write_unread(&path, &bytes, piece, head).unwrap();
            let found = fs::read(&path).unwrap();
            assert_eq!(found.len(), length);
            assert_eq!(found[..head.len()], *head);
            assert_eq!(found[head.len()..], bytes[head.len()..], "{length} in pieces of {piece}");
        }
    }
}

#[test]
fn whatever_fails_past_the_cache_the_old_file_is_whole() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.bin");
    let bytes = [3; 3 * 8192 + 5];
    for step in 0..100 {
        fs::write(&path, b"old").unwrap();
        let (result, failed) =
            faults::failing_at(step, || write_unread(&path, &bytes, 5000, b"head"));
        assert_eq!(names(folder.path()), ["a.bin"]);
        let now = fs::read(&path).unwrap();
        if result.is_ok() {
            assert!(!failed && now.starts_with(b"head"));
            // Made, its mode set, three buffers, the rest and the head sought and written, fsync,
            // rename, fsync of the folder; fewer where there is no way past the cache.
            assert!(step >= 12 || cfg!(not(target_os = "linux")), "{step} steps");
            return;
        }
        // Only the last step, which makes the rename last, finds the new file in its place.
        assert!(now == b"old" || step >= 11, "step {step}");
    }
    panic!("no save succeeds");
}
