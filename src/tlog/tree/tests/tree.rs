//! Tests of `tree.rs`.

use super::*;

/// The definition of RFC 6962 §2.1, word for word.
pub(crate) fn naive_root(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => empty_root(),
        [leaf] => *leaf,
        _ => {
            let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
            node_hash(&naive_root(left), &naive_root(right))
        }
    }
}

pub(crate) fn leaves(count: usize) -> Vec<Hash> {
    (0..count).map(|i| leaf_hash(&(i as u64).to_be_bytes())).collect()
}

/// The eight inputs and roots that certificate-transparency implementations share.
#[test]
fn rfc_6962_known_roots() {
    let inputs: [&[u8]; 8] = [
        &[],
        &[0x00],
        &[0x10],
        &[0x20, 0x21],
        &[0x30, 0x31],
        &[0x40, 0x41, 0x42, 0x43],
        &[0x50, 0x51, 0x52, 0x53, 0x54, 0x55, 0x56, 0x57],
        &[0x60, 0x61, 0x62, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6a, 0x6b, 0x6c, 0x6d, 0x6e, 0x6f],
    ];
    let roots = [
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];
    let mut frontier = Frontier::new();
    assert_eq!(frontier.root().to_string(), roots[0]);
    for (input, root) in inputs.iter().zip(&roots[1..]) {
        frontier.push(leaf_hash(input));
        assert_eq!(frontier.root().to_string(), *root);
    }
}

#[test]
fn the_frontier_is_the_definition() {
    let leaves = leaves(300);
    let mut frontier = Frontier::new();
    for (size, leaf) in leaves.iter().enumerate() {
        assert_eq!((frontier.size(), frontier.root()), (size as u64, naive_root(&leaves[..size])));
        let again = Frontier::from_nodes(size as u64, |level, _| frontier.node(level).ok_or(()));
        assert_eq!(again, Ok(frontier.clone()));
        frontier.push(*leaf);
    }
}

#[test]
fn leaves_appended_together_are_those_appended_one_by_one() {
    let leaves = leaves(600);
    for from in [0, 1, 3, 4, 7, 96, 255, 256, 257] {
        for to in (from..from + 20).chain([250, 255, 256, 257, 300, 512, 513, 600]).filter(|to| *to >= from) {
            let [mut one_by_one, mut together] = [(); 2].map(|()| Frontier::new());
            leaves[..to].iter().for_each(|leaf| one_by_one.push(*leaf));
            together.extend(&leaves[..from]);
            together.extend(&leaves[from..to]);
            assert_eq!(together, one_by_one, "from {from} to {to}");
        }
    }
}

#[test]
fn subtrees_are_the_definition() {
    let leaves = leaves(256);
    let mut subtrees = Subtrees::default();
    for size in 0..=leaves.len() {
        assert_eq!((subtrees.width(), subtrees.hashes().collect::<Vec<_>>()), (size, leaves[..size].to_vec()));
        for level in 0..=9 {
            let all: Vec<_> = leaves[..size].chunks_exact(1 << level).map(naive_root).collect();
            let found: Vec<_> = (0..=all.len()).map_while(|index| subtrees.node(level, index)).collect();
            assert_eq!(found, all, "level {level} of {size}");
        }
        if let Some(leaf) = leaves.get(size) {
            let largest = 1 << (size + 1).trailing_zeros();
            assert_eq!(subtrees.push(*leaf), naive_root(&leaves[size + 1 - largest..=size]));
        }
    }
    assert_eq!(subtrees.node(u32::MAX, 0), None);
    assert_eq!(subtrees.node(7, usize::MAX), None);
    subtrees.clear();
    assert_eq!(subtrees, Subtrees::default());
}

#[test]
fn the_root_of_a_subtree_is_the_definition() {
    let leaves = leaves(256);
    for width in [0, 1, 2, 4, 256] {
        assert_eq!(subtree_root(&leaves[..width]), naive_root(&leaves[..width]), "{width} leaves");
    }
}

#[test]
fn a_chain_commits_to_origin_order_and_content() {
    let run = |origin: &str, bodies: &[&[u8]]| {
        let mut chain = Chain::new(origin);
        bodies.iter().for_each(|body| assert_eq!(chain.push(body), Ok(chain.link())));
        (chain.link(), chain.root())
    };
    let (link, root) = run("a", &[b"1", b"2"]);
    let first = link_hash(&genesis("a"), b"1");
    assert_eq!(link, leaf_hash(&[&first.0[..], b"2"].concat()));
    assert_eq!(root, node_hash(&first, &link));
    assert_ne!(run("b", &[b"1", b"2"]), (link, root));
    assert_ne!(run("a", &[b"2", b"1"]), (link, root));
    assert_ne!(run("a", &[b"12"]), (link, root));
}

#[test]
fn entries_appended_together_are_those_appended_one_by_one() {
    let body = |at: u64| at.to_be_bytes();
    for (from, to) in [(0, 0), (0, 1), (0, 255), (0, 256), (1, 257), (5, 258), (300, 1_100)] {
        let [mut one_by_one, mut together] = [(); 2].map(|()| Chain::new("a"));
        (0..to).for_each(|at| assert!(one_by_one.push(&body(at)).is_ok()));
        together.extend((0..from).map(body)).unwrap();
        together.extend((from..to).map(body)).unwrap();
        assert_eq!(together, one_by_one, "from {from} to {to}");
    }
}

#[test]
fn a_body_too_long_changes_nothing() {
    let mut chain = Chain::new("a");
    chain.push(b"1").unwrap();
    let before = chain.clone();
    assert_eq!(chain.push(&vec![0; MAX_BODY + 1]), Err(BodyTooLong(MAX_BODY + 1)));
    assert_eq!(chain, before);
    assert_eq!(chain.extend([&[2][..], &vec![0; MAX_BODY + 1], &[3]]), Err(BodyTooLong(MAX_BODY + 1)));
    assert_eq!(chain, before);
    assert!(chain.push(&vec![0; MAX_BODY]).is_ok());
}
