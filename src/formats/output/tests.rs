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
