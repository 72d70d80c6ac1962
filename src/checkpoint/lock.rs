//! One process at a time: a lock of the system's, which ends with the process however it ends.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::Path;

use crate::error::{Error, Result};

/// The right to a folder, until it is dropped.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the right to a folder, or tells who has it.
    pub fn take(folder: &Path) -> Result<Self> {
        let path = folder.join("lock");
        let failed = |error| Error::io(&path, error);
        let options =
            OpenOptions::new().read(true).write(true).create(true).truncate(false).clone();
        let mut file = options.open(&path).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => (),
            Err(TryLockError::WouldBlock) => {
                let mut owner = String::new();
                // Where a lock keeps readers out, too, nobody is named.
                if file.read_to_string(&mut owner).is_err() || owner.trim().is_empty() {
                    owner = "of another name".to_owned();
                }
                let (folder, owner) = (folder.to_owned(), owner.trim().to_owned());
                return Err(Error::InUse { folder, owner });
            }
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
        let mut name_owner = || {
            file.set_len(0)?;
            file.rewind()?;
            write!(file, "{}", std::process::id())
        };
        name_owner().map_err(failed)?;
        Ok(Self { _file: file })
    }
}
