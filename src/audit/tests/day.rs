//! Tests of `day.rs`.

use super::*;

#[test]
fn totals_are_at_least_others_in_each_count() {
    let least = Totals { admitted: 2, annulled: 2, overridden: 2, left: 2 };
    assert!(at_least(&least, &least));
    let change: [fn(&mut Totals) -> &mut u32; 4] = [
        |totals| &mut totals.admitted,
        |totals| &mut totals.annulled,
        |totals| &mut totals.overridden,
        |totals| &mut totals.left,
    ];
    for count in change {
        let (mut more, mut less) = (least, least);
        *count(&mut more) += 1;
        *count(&mut less) -= 1;
        assert_eq!((at_least(&more, &least), at_least(&less, &least)), (true, false), "{more:?}, {less:?}");
    }
}
