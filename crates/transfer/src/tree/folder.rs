//! What is done to one folder by its handle and one name in it. No name here has a `/`, and no link is followed, so
//! nothing done here leaves the folder.

use std::fs::File;
use std::io;
use std::time::SystemTime;

use cap_fs_ext::{DirExt, FollowSymlinks, OpenOptionsFollowExt, OpenOptionsSyncExt};
use cap_std::fs::{Dir, OpenOptions};

/// What stands at a name.
#[derive(Debug)]
pub(crate) enum Standing {
    /// Nothing.
    Nothing,
    /// A file, open for reading.
    File(File),
    /// A folder.
    Folder,
    /// A link, a pipe, a device, a socket, or a file that may not be read.
    Other,
}

/// What stands at `name`.
pub(crate) fn standing_at(folder: &Dir, name: &str) -> io::Result<Standing> {
    let metadata = match folder.symlink_metadata(name) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Standing::Nothing),
        Err(error) => return Err(error),
    };
    if metadata.is_dir() {
        return Ok(Standing::Folder);
    }
    if !metadata.is_file() {
        return Ok(Standing::Other);
    }
    match open_regular(folder, name) {
        Ok(Some(file)) => Ok(Standing::File(file)),
        Ok(None) => Ok(Standing::Other),
        Err(error) => match error.kind() {
            io::ErrorKind::NotFound => Ok(Standing::Nothing),
            io::ErrorKind::PermissionDenied => Ok(Standing::Other),
            _ => Err(error),
        },
    }
}

/// Opens the folder `name`; a link to one is an error.
pub(crate) fn open_folder(folder: &Dir, name: &str) -> io::Result<Dir> {
    folder.open_dir_nofollow(name)
}

/// Opens the regular file `name` for reading; `None` if something else stands there. A pipe does not hang it.
pub(crate) fn open_regular(folder: &Dir, name: &str) -> io::Result<Option<File>> {
    let mut options = OpenOptions::new();
    options.read(true).follow(FollowSymlinks::No).nonblock(true);
    let file = match folder.open_with(name, &options) {
        Ok(file) => file.into_std(),
        Err(error) if is_another_sort(&error) => return Ok(None),
        Err(error) => return Err(error),
    };
    Ok(file.metadata()?.is_file().then_some(file))
}

/// Makes the file `name`, which must not be there, for reading and writing.
pub(crate) fn create_new(folder: &Dir, name: &str) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create_new(true).follow(FollowSymlinks::No);
    Ok(folder.open_with(name, &options)?.into_std())
}

/// Opens the file `name` for reading and writing, and makes it if `make` says so. Never follows a link.
pub(crate) fn open_to_write(folder: &Dir, name: &str, make: bool) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(make).follow(FollowSymlinks::No).nonblock(true);
    let file = folder.open_with(name, &options)?.into_std();
    match file.metadata()?.is_file() {
        true => Ok(file),
        false => Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no regular file")),
    }
}

/// Removes the file `name`; that it is not there is as good.
pub(crate) fn remove_if_there(folder: &Dir, name: &str) -> io::Result<()> {
    match folder.remove_file(name) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Whether an error of opening says that a link or something else of another sort is there.
pub(crate) fn is_another_sort(error: &io::Error) -> bool {
    #[cfg(unix)]
    if let Some(errno) = rustix::io::Errno::from_io_error(error) {
        use rustix::io::Errno;
        // A socket, or a device without a driver, answers NXIO; a link LOOP, or MLINK on BSD.
        return matches!(errno, Errno::LOOP | Errno::MLINK | Errno::NOTDIR | Errno::NXIO | Errno::NODEV | Errno::ISDIR);
    }
    matches!(error.kind(), io::ErrorKind::NotADirectory | io::ErrorKind::IsADirectory)
}

/// Moves a file or folder to a name that is free; `AlreadyExists` if it is not.
pub(crate) fn rename_to_free(from: &Dir, from_name: &str, to: &Dir, to_name: &str) -> io::Result<()> {
    #[cfg(any(target_os = "linux", target_os = "macos"))]
    {
        use rustix::fs::{RenameFlags, renameat_with};
        use rustix::io::Errno;
        match renameat_with(from, from_name, to, to_name, RenameFlags::NOREPLACE) {
            // Not every file system can.
            Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => {}
            result => return result.map_err(io::Error::from),
        }
    }
    rename_to_free_portably(from, from_name, to, to_name)
}

fn rename_to_free_portably(from: &Dir, from_name: &str, to: &Dir, to_name: &str) -> io::Result<()> {
    if from.symlink_metadata(from_name)?.is_dir() {
        // Nothing moves a folder atomically to a free name everywhere. At worst an empty folder is replaced.
        return match to.symlink_metadata(to_name) {
            Ok(_) => Err(io::ErrorKind::AlreadyExists.into()),
            Err(_) => from.rename(from_name, to, to_name),
        };
    }
    match from.hard_link(from_name, to, to_name) {
        Ok(()) => from.remove_file(from_name),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(error),
        // No links here: hold the name with an empty file, which is then replaced.
        Err(_) => {
            drop(create_new(to, to_name)?);
            from.rename(from_name, to, to_name)
        }
    }
}

/// Puts on disk which names a folder has. Where a system does not know such a thing, nothing is done.
pub(crate) fn sync_folder(folder: &Dir) -> io::Result<()> {
    #[cfg(unix)]
    {
        use rustix::fs::{Mode, OFlags, openat};
        // The handle itself may be one that only leads to the folder.
        let handle = openat(folder, ".", OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
        File::from(handle).sync_all()?;
    }
    #[cfg(not(unix))]
    let _ = folder;
    Ok(())
}

/// Which folder it is, and when its names changed last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FolderState {
    number: (u64, u64),
    modified: Option<SystemTime>,
}

pub(crate) fn folder_state(folder: &Dir) -> io::Result<FolderState> {
    let metadata = folder.dir_metadata()?;
    #[cfg(unix)]
    let number = {
        use cap_fs_ext::MetadataExt;
        (metadata.dev(), metadata.ino())
    };
    #[cfg(not(unix))]
    let number = (0, 0);
    Ok(FolderState { number, modified: metadata.modified().ok().map(cap_std::time::SystemTime::into_std) })
}

#[cfg(test)]
mod tests {
    use super::*;

    type Rename = fn(&Dir, &str, &Dir, &str) -> io::Result<()>;

    #[test]
    fn a_name_is_taken_only_if_it_is_free_on_every_system() {
        for rename in [rename_to_free as Rename, rename_to_free_portably] {
            let outside = tempfile::tempdir().unwrap();
            let folder = Dir::open_ambient_dir(outside.path(), cap_std::ambient_authority()).unwrap();
            let write = |name: &str| std::fs::write(outside.path().join(name), name).unwrap();
            write("a");
            write("taken");
            for name in ["folder", "other"] {
                folder.create_dir(name).unwrap();
            }
            let to = open_folder(&folder, "folder").unwrap();
            let kind = |result: io::Result<()>| result.map_err(|error| error.kind());
            for (from, taken) in [("a", "taken"), ("a", "other"), ("other", "folder"), ("other", "taken")] {
                assert_eq!(kind(rename(&folder, from, &folder, taken)), Err(io::ErrorKind::AlreadyExists), "{from}");
            }
            assert_eq!(kind(rename(&folder, "none", &to, "x")), Err(io::ErrorKind::NotFound));
            for (from, free) in [("a", "b"), ("other", "c")] {
                rename(&folder, from, &to, free).unwrap();
                assert!(!folder.exists(from) && to.exists(free));
            }
            assert_eq!(std::fs::read(outside.path().join("folder/b")).unwrap(), b"a");
            sync_folder(&to).unwrap();
        }
    }
}
