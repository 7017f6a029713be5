//! Files go to the server and come back.

use proto::What;
use proto::limits::GROUP_BYTES;

use crate::world::{Put, World, noise, root_of};

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_put_told_and_fetched() {
    let mut world = World::new();
    let (mut ann, mut bob) = (world.member("ann").await, world.member("bob").await);
    let group = usize::try_from(GROUP_BYTES).unwrap();
    for (at, size) in [0, 1, 5, group - 1, group, group + 1, 3 * group, 5_000_000].into_iter().enumerate() {
        let bytes = noise(size, size as u64);
        let path = format!("docs/{size}.bin");
        let put = Put { announce: true, key: u8::try_from(at).unwrap(), ..Put::new(&path, &bytes) };
        let committed = ann.put(&put).await.unwrap();
        assert_eq!((committed.path.as_str(), committed.size, committed.same), (path.as_str(), size as u64, false));
        assert_eq!(committed.root, root_of(&bytes));
        assert_eq!(std::fs::read(world.stored(&path)).unwrap(), bytes);
        let told = What::File { path: path.clone(), size: size as u64, root: root_of(&bytes) };
        assert_eq!(bob.event().await, told);
        assert_eq!(bob.get(7, &path).await.unwrap(), bytes, "{size}");
        assert_eq!(ann.get(7, &path).await.unwrap(), bytes, "{size}");
    }
    assert_eq!(world.parts(), [""; 0]);
}
