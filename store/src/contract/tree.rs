//! The Merkle tree over what is recorded.

use super::{Fixture, append};
use crate::merkle::{Frontier, Hash, Plan, verify_consistency, verify_inclusion};
use crate::port::{EventLog, Expected};

/// The leaves, and the right edges of every tree over the first of them.
async fn edges(log: &dyn EventLog) -> (Vec<Hash>, Vec<Frontier>) {
    let leaves: Vec<Hash> =
        log.read_all(0, usize::MAX).await.unwrap().iter().map(|stored| stored.leaf).collect();
    let mut edges = vec![Frontier::default()];
    for leaf in &leaves {
        let mut next = edges.last().unwrap().clone();
        next.push(*leaf, &mut |_, _| {});
        edges.push(next);
    }
    (leaves, edges)
}

/// Root, right edge and proofs of every size are those of the leaves, while it grows and after it is opened again.
pub async fn the_tree_is_that_of_the_leaves(fixture: &mut impl Fixture) {
    let mut version = 0;
    for count in [1, 14, 1, 1, 64, 64, 64, 46, 1, 20] {
        let log = fixture.log();
        log.append(vec![append("s", Expected::Any, version, count)]).await.remove(0).unwrap();
        version += count;
        let (leaves, edges) = edges(&*log).await;
        let (size, root) = (leaves.len() as u64, edges.last().unwrap().root());
        assert_eq!(log.frontier(size).await.unwrap(), *edges.last().unwrap());
        // Asked while it grows, so that whatever is remembered of a part not yet complete would be wrong later.
        for at in [0, size / 2, size - 1] {
            let path = log.prove(&Plan::inclusion(at, size).unwrap()).await.unwrap();
            assert!(verify_inclusion(&leaves[at as usize], at, size, &path, &root), "leaf {at} of {size}");
        }
        drop(log);
        if count == 1 {
            fixture.reopen();
        }
    }
    let log = fixture.log();
    let (leaves, edges) = edges(&*log).await;
    let size = leaves.len() as u64;
    let root = edges[leaves.len()].root();
    for (at, edge) in (0..).zip(&edges) {
        assert_eq!(log.frontier(at).await.unwrap(), *edge, "size {at}");
        assert_eq!(log.prove(&Plan::root(at)).await.unwrap(), [edge.root()], "size {at}");
        let path = log.prove(&Plan::consistency(at, size).unwrap()).await.unwrap();
        assert!(verify_consistency(at, size, &edge.root(), &root, &path), "from {at}");
        if let Some(plan) = Plan::inclusion(at, size) {
            let path = log.prove(&plan).await.unwrap();
            assert!(verify_inclusion(&leaves[at as usize], at, size, &path, &root), "leaf {at}");
        }
    }
    assert!(log.frontier(size + 1).await.is_err());
}
