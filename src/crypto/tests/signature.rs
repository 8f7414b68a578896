//! Tests of `signature.rs`.

use super::*;
use curve25519_dalek::constants::EIGHT_TORSION;

#[test]
fn the_points_of_small_order_are_the_curves() {
    for point in EIGHT_TORSION {
        let mut y = point.compress().0;
        y[31] &= 0x7f;
        assert!(SMALL_ORDER_Y.contains(&y), "{y:02x?}");
        let pending = PendingSignature { r: point.compress().0, expected: point };
        assert_eq!(pending.settle(), Err(SignatureError));
    }
}

#[test]
fn each_of_two_has_its_own_answer() {
    let good = |n: u64| {
        let expected = EdwardsPoint::mul_base(&Scalar::from(n));
        PendingSignature { r: expected.compress().0, expected }
    };
    let bad = PendingSignature { r: good(3).r, ..good(2) };
    let zero = PendingSignature { r: EdwardsPoint::identity().compress().0, expected: EdwardsPoint::identity() };
    for one in [good(2), good(3), bad, zero] {
        for other in [good(2), good(4), bad, zero] {
            assert_eq!(one.settle_with(&other), (one.settle(), other.settle()));
        }
    }
}

/// Chunks of every length around the one that is shared, with one wrong at each place.
#[test]
fn settled_together_is_settled_one_by_one() {
    let good = |n: u64| {
        let expected = EdwardsPoint::mul_base(&Scalar::from(n + 2));
        PendingSignature { r: expected.compress().0, expected }
    };
    for length in [0, 1, 2, SHARED - 1, SHARED, SHARED + 1, 2 * SHARED, 2 * SHARED + 3] {
        let mut pending: Vec<PendingSignature> = (0..).map(good).take(length).collect();
        assert_eq!(PendingSignature::settle_all(&pending).collect::<Vec<_>>(), vec![Ok(()); length]);
        for at in [0, 1, length / 2, length.saturating_sub(1)] {
            let Some(one) = pending.get_mut(at) else { continue };
            let kept = *one;
            one.r[7] ^= 1;
            let alone: Vec<_> = pending.iter().map(PendingSignature::settle).collect();
            assert_eq!(alone.iter().filter(|verdict| verdict.is_err()).count(), 1);
            assert_eq!(PendingSignature::settle_all(&pending).collect::<Vec<_>>(), alone, "{at} of {length}");
            pending[at] = kept;
        }
    }
}
