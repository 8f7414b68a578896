//! Products in words, for the document of real passes: every rule of a product, and nothing else of it.

use super::*;
use crate::time::{Date, UnixTime};

/// The rules of a product, line by line; a default is left out, as in the encoding.
pub(super) fn notation(product: &Product) -> String {
    let mut lines = Vec::new();
    if product.party_max > 1 {
        lines.push(format!("party: up to {}", product.party_max));
    }
    if !product.holders.is_empty() {
        lines.push(format!("holders: {}", list(&product.holders)));
    }
    for (index, grant) in product.grants.iter().enumerate() {
        lines.push(format!("grant {index}"));
        lines.extend(parts(grant).into_iter().map(|(name, value)| format!("  {name}: {value}")));
    }
    lines.join("\n") + "\n"
}

fn parts(grant: &Grant) -> Vec<(&'static str, String)> {
    let Window { validity, mask, day_start } = &grant.window;
    let mut parts = vec![("scope", scope(&grant.scope))];
    if grant.service != 0 {
        parts.push(("service", grant.service.to_string()));
    }
    parts.extend(grant.quotas.iter().map(|quota| ("quota", quota_in_words(quota))));
    match validity {
        Validity::Pass => {}
        Validity::Fixed { from, until } => {
            parts.push(("valid", format!("from {}, until {}", time(*from), time(*until))))
        }
        Validity::FirstUse { clock, activate_by, length } => {
            parts.push(("valid", format!("from first use (clock {clock}): {}", length_in_words(length))));
            if let Some(length) = activate_by {
                parts.push(("first use", format!("from the start of the pass: {}", length_in_words(length))));
            }
        }
    }
    if !mask.blackout.is_empty() {
        let days = |(first, last): &(Date, Date)| {
            if first == last { first.to_string() } else { format!("{first} to {last}") }
        };
        parts.push(("closed", mask.blackout.iter().map(days).collect::<Vec<_>>().join(", ")));
    }
    if mask.weekdays != WEEKDAYS_ALL {
        let names = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
        let open = (0..7).filter(|day| mask.weekdays >> day & 1 == 1);
        parts.push(("weekdays", open.map(|day| names[day]).collect::<Vec<_>>().join(", ")));
    }
    if let Some(HourRange { from, until }) = mask.hours {
        parts.push(("hours", format!("{} to {}", clock(from), clock(until))));
    }
    if *day_start != 0 {
        parts.push(("day starts", clock(*day_start)));
    }
    match grant.price {
        Price::Free => {}
        Price::Fixed(fen) => parts.push(("price", format!("{fen} fen"))),
        Price::Off(points) => parts.push(("price", format!("{}.{:02}% off", points / 100, points % 100))),
    }
    if !grant.holders.is_empty() {
        parts.push(("holders", list(&grant.holders)));
    }
    if let Some(Choice { group, branch }) = grant.choice {
        parts.push(("choice", format!("group {group}, branch {branch}")));
    }
    parts
}

fn scope(scope: &Scope) -> String {
    let mut parts = Vec::new();
    if scope.all {
        parts.push("everywhere".to_owned());
    }
    for (name, items) in [
        ("member", list(&scope.members)),
        ("category", list(&scope.categories)),
        ("venue", list(&scope.venues)),
        ("but not", list(&scope.except)),
    ] {
        if !items.is_empty() {
            parts.push(format!("{name} {items}"));
        }
    }
    parts.join("; ")
}

fn quota_in_words(quota: &Quota) -> String {
    let unit = match (quota.unit, quota.limit) {
        (Unit::Entries, 1) => "entry",
        (Unit::Entries, _) => "entries",
        (Unit::Venues, 1) => "venue",
        (Unit::Venues, _) => "venues",
        (Unit::Days, 1) => "day of use",
        (Unit::Days, _) => "days of use",
    };
    let period = match quota.period {
        QuotaPeriod::Life => "in all",
        QuotaPeriod::Day => "a day",
        QuotaPeriod::Month => "a month",
        QuotaPeriod::Year => "a year",
    };
    let key = match quota.key {
        QuotaKey::Shared => "over all venues",
        QuotaKey::Venue => "at each venue",
    };
    format!("{} {unit} {period}, {key}", quota.limit)
}

fn length_in_words(length: &Length) -> String {
    let plural = |count: u16| if count == 1 { "" } else { "s" };
    let count = |count: Option<u16>, what: &str| count.map(|count| format!("{count} {what}{}", plural(count)));
    let until = length.until.map(|until| format!("until {}", time(until)));
    let parts = [count(length.hours, "hour"), count(length.days, "day"), count(length.months, "month"), until];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" or ")
}

/// The date alone for a midnight.
fn time(time: UnixTime) -> String {
    let (date, second) = time.civil();
    if second == 0 { date.to_string() } else { time.to_string() }
}

/// A time of day; the seconds only where there are any.
fn clock(second: u32) -> String {
    let minutes = format!("{:02}:{:02}", second / 3_600, second / 60 % 60);
    if second.is_multiple_of(60) { minutes } else { format!("{minutes}:{:02}", second % 60) }
}

fn list<T: ToString>(items: &[T]) -> String {
    items.iter().map(T::to_string).collect::<Vec<_>>().join(", ")
}

mod tests {
    use super::super::samples::{any_product, any_relatives, config, product};
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(config(4, 512))]

        #[test]
        fn nothing_of_a_grant_is_left_unsaid((grant, other) in any_relatives()) {
            let said = |grant: &Grant| notation(&product(vec![grant.clone()]));
            prop_assert_eq!(said(&grant) == said(&other), grant == other);
        }

        #[test]
        fn nothing_of_a_product_is_left_unsaid(product in any_product(), party_max in 1..5u8, class in any::<u8>()) {
            let other = Product { party_max, ..product.clone() };
            prop_assert_eq!(notation(&product) == notation(&other), product == other);
            let other = Product { holders: vec![class], ..product.clone() };
            prop_assert_eq!(notation(&product) == notation(&other), product == other);
        }
    }
}
