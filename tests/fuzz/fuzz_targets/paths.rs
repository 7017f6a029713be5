//! Any text as a path of a file: taken or refused; what was taken or salvaged keeps the rules of docs/protocol.md,
//! stays as it is, and stands below wherever it is joined.

#![no_main]

use std::path::{Component, Path};

use libfuzzer_sys::fuzz_target;
use proto::RelPath;
use proto::limits::{PATH_BYTES_MAX, PATH_NAME_BYTES_MAX, PATH_NAMES_MAX};

fuzz_target!(|input: &[u8]| {
    let Ok(typed) = std::str::from_utf8(input) else { return };
    let taken = typed.parse::<RelPath>();
    let salvaged = RelPath::salvaged(typed);
    if let Ok(path) = &taken {
        check(path);
        assert_eq!(salvaged.as_ref(), Some(path), "a good path is changed");
        if let Some(numbered) = path.numbered(u32::try_from(input.len()).unwrap_or(u32::MAX)) {
            check(&numbered);
            assert_eq!(numbered.parent(), path.parent());
            assert_ne!(numbered.key(), path.key());
        }
        for other in [path.as_str().to_lowercase(), path.as_str().to_uppercase()] {
            if let Ok(other) = other.parse::<RelPath>() {
                assert_eq!(other.key(), path.key());
            }
        }
    }
    if let Some(path) = &salvaged {
        check(path);
    }
});

fn check(path: &RelPath) {
    assert_eq!(path.as_str().parse().as_ref(), Ok(path));
    assert!(path.as_str().len() <= PATH_BYTES_MAX && path.names().count() <= PATH_NAMES_MAX);
    let goes_down = |component: Component<'_>| matches!(component, Component::Normal(_));
    assert!(Path::new(path.as_str()).components().all(goes_down), "{path:?}");
    assert_eq!(Path::new(path.as_str()).components().count(), path.names().count());
    for name in path.names() {
        assert!(!name.is_empty() && name.len() <= PATH_NAME_BYTES_MAX);
        assert!(!name.ends_with(['.', ' ']) && !name.starts_with(' '), "{name:?}");
        assert!(!name.to_lowercase().starts_with(".verbatim"), "{name:?}");
        let turns = |c: char| ('\u{202a}'..='\u{202e}').contains(&c) || ('\u{2066}'..='\u{2069}').contains(&c);
        let is_unfit = |c: char| c.is_control() || turns(c) || "\\:*?\"<>|\u{2028}\u{2029}\u{feff}".contains(c);
        assert!(!name.chars().any(is_unfit), "{name:?}");
    }
    if let Some(parent) = path.parent() {
        assert!(path.is_within(&parent) && parent < *path);
        assert_eq!(parent.join(path.name()).as_ref(), Ok(path));
    }
}
