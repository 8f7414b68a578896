//! The stories of the holders of real passes, one for each product of [`passes`](super::passes), and the
//! check that `docs/products.md` shows these products and no others.

use super::notation::notation;
use super::passes::*;
use super::samples::*;
use super::*;
use crate::time::UnixTime;

/// A pass of the document: its heading there, the name of its story, its product.
struct Told {
    heading: &'static str,
    story: &'static str,
    product: Product,
}

/// Makes a test of each story, which gets a holder of the product it is told of.
macro_rules! tell {
    ($($heading:literal: $story:ident of $product:ident;)*) => {
        fn told() -> Vec<Told> {
            vec![$(Told { heading: $heading, story: stringify!($story), product: $product() }),*]
        }

        mod holders {
            use super::*;

            $(#[test] fn $story() { super::$story(Holder::of($product())); })*
        }
    };
}

tell! {
    "Paris Museum Pass, 48 hours": each_museum_once_in_48_hours of paris_museum_pass_48_hours;
    "Paris Museum Pass, 4 days": four_days_begin_with_the_first_visit of paris_museum_pass_4_days;
    "Paris Passlib' Mini": the_boat_and_then_the_bus of paris_passlib_mini;
    "I amsterdam City Card, 24 hours": each_part_has_a_clock_of_its_own of i_amsterdam_24_hours;
    "Museumkaart": a_year_of_museums of museumkaart;
    "Museumkaart, temporary": five_visits_in_31_days of museumkaart_temporary;
    "museumPASSmusées": a_year_from_the_first_visit_or_two_months_on of museumpass_belgium;
    "CityPASS": nine_days_begun_within_a_year of city_pass;
    "Go City Explorer Pass": three_of_six_attractions of go_city_explorer;
    "Go City All-Inclusive Pass": everything_for_three_days of go_city_all_inclusive;
    "Roma Pass": two_museums_free_and_the_rest_at_half_price of roma_pass;
    "Swiss Travel Pass, 3 days": until_five_after_the_last_day of swiss_travel_pass_3_days;
    "Swiss Travel Pass Flex": three_days_of_a_month of swiss_travel_pass_flex;
    "Tokyo Grutto Pass": two_months_or_the_end_of_march of tokyo_grutto;
    "Amsterdam Nightlife Ticket": two_nights_from_noon_to_six of amsterdam_nightlife_two_nights;
    "Suzhou garden card": a_hundred_visits_shared of suzhou_garden_card;
    "Suzhou leisure card": springs_show_forest_or_film_park of suzhou_leisure_card;
    "Suzhou Huiyou card": each_sight_once_before_four of suzhou_huiyou_card;
    "Hangzhou park card": a_year_and_three_weeks_without_leifeng of hangzhou_park_card;
    "Hubei annual card": three_docks_share_six_trips of hubei_card;
    "Jurong annual card": the_year_starts_at_the_latest_after_three_months of jurong_card;
    "Hengyang annual ticket": not_on_national_day_on_the_mountain of hengyang_card;
    "Xiangyang annual card": once_a_day_at_each_sight of xiangyang_card;
    "Kunshan annual card": free_sights_and_a_tenth_off of kunshan_card;
    "Hong Kong Museum Pass, family": a_family_of_four of hong_kong_museum_pass_for_a_family;
    "Macau's museums": residents_always_and_everyone_on_the_15th of macau_museums;
    "Residents' card": residents_and_their_elders of residents_card;
    "Family card": two_adults_and_three_children of family_card;
}

fn each_museum_once_in_48_hours(mut ann: Holder) {
    let first = ann.visit(at(2027, 5, 1, 16, 0), museum(1)).unwrap();
    assert_eq!((first.due_fen, first.uses_left, first.valid_until), (0, None, at(2027, 5, 3, 16, 0)));
    let again = ann.ask(at(2027, 5, 1, 17, 0), museum(1)).unwrap_err();
    let last = Some(LastUse { time: at(2027, 5, 1, 16, 0), venue: museum(1).id });
    assert_eq!(again, Denied::VenueQuota(Spent { limit: 1, used: 1, last, next: None }));
    let last_second = at(2027, 5, 3, 16, 0).saturating_add(-1);
    assert_eq!(ann.code(last_second, museum(2)), 0);
    let over = ann.ask(at(2027, 5, 3, 16, 0), museum(2)).unwrap_err();
    assert_eq!(over, Denied::Expired { at: at(2027, 5, 3, 16, 0), next: None });
}

fn four_days_begin_with_the_first_visit(mut ann: Holder) {
    let first = ann.visit(at(2028, 2, 26, 23, 59), museum(1)).unwrap();
    assert_eq!(first.valid_until, at(2028, 3, 1, 0, 0), "a leap day is a day");
    assert_eq!(ann.code(at(2028, 2, 29, 23, 59), museum(2)), 0);
    assert_eq!(ann.code(at(2028, 2, 29, 23, 59), museum(1)), 90);
    assert_eq!(ann.code(at(2028, 3, 1, 0, 0), museum(2)), 61);
}

fn the_boat_and_then_the_bus(mut eli: Holder) {
    // The pass was sold on 1 January 2027.
    let (boat, bus) = (place(BOATS, 1), place(TRANSPORT, 2));
    let end = at(2027, 12, 31, 23, 59);
    assert_eq!(eli.ask(end, boat).unwrap().valid_until, at(2028, 1, 1, 0, 0), "the end of the year cuts it short");
    assert_eq!(eli.ask(at(2028, 1, 1, 0, 0), boat).unwrap_err().code(), 61);
    let trip = eli.visit(at(2027, 6, 1, 14, 30), boat).unwrap();
    assert_eq!((trip.grant, trip.uses_left, trip.valid_until), (0, Some(0), at(2027, 6, 6, 14, 30)));
    assert_eq!(eli.code(at(2027, 6, 1, 16, 0), place(BOATS, 9)), 92, "one trip, whichever boat");
    assert_eq!(eli.code(at(2027, 6, 6, 14, 30), bus), 61, "the bus runs on the boat's clock");
    assert_eq!(eli.visit(at(2027, 6, 6, 14, 29), bus).unwrap().grant, 1);
    // One sold on 1 January 2026 had to be begun a year later.
    let mut late = Holder::of(eli.product);
    late.pass.not_before = at(2026, 1, 1, 0, 0);
    assert_eq!(late.code(at(2026, 12, 31, 23, 59), boat), 0);
    let by = at(2027, 1, 1, 0, 0);
    assert_eq!(late.ask(by, boat), Err(Denied::ActivationMissed { by, next: None }));
}

fn each_part_has_a_clock_of_its_own(mut bea: Holder) {
    let (tram, cruise, other_cruise) = (place(TRANSPORT, 20), place(BOATS, 30), place(BOATS, 31));
    bea.visit(at(2027, 5, 1, 10, 0), museum(1)).unwrap();
    let ride = bea.visit(at(2027, 5, 2, 9, 0), tram).unwrap();
    assert_eq!((ride.grant, ride.valid_until), (1, at(2027, 5, 3, 9, 0)));
    assert_eq!(bea.code(at(2027, 5, 2, 11, 0), museum(2)), 61, "the museums are over");
    assert_eq!(bea.code(at(2027, 5, 3, 8, 0), tram), 0, "the tram is not");
    assert_eq!(bea.visit(at(2027, 6, 1, 9, 0), cruise).unwrap().uses_left, Some(0), "nor is the cruise");
    assert_eq!(bea.code(at(2027, 6, 1, 10, 0), other_cruise), 92, "one cruise, at whichever quay");
}

fn a_year_of_museums(mut cas: Holder) {
    for day in 1..29 {
        assert_eq!(cas.visit(at(2027, 2, day, 10, 0), museum(1)).unwrap().uses_left, None);
    }
    assert_eq!(cas.visit(at(2028, 12, 31, 23, 59), museum(1)).unwrap().valid_until, cas.pass.expires);
    assert_eq!(cas.code(at(2029, 1, 1, 0, 0), museum(1)), 61);
    assert_eq!(cas.code(at(2026, 12, 31, 23, 59), museum(1)), 60);
    assert_eq!(cas.code(at(2027, 3, 1, 10, 0), place(GARDENS, 1)), 70);
}

fn five_visits_in_31_days(mut tim: Holder) {
    // The museum that sells the card records the sale as the first of the five.
    for (visit, left) in (1..=4).zip([4, 3, 2, 1]) {
        assert_eq!(tim.visit(at(2027, 5, visit, 10, 0), museum(1)).unwrap().uses_left, Some(left));
    }
    assert_eq!(tim.code(at(2027, 6, 1, 0, 0), museum(2)), 61, "31 May is day 31");
    assert_eq!(tim.visit(at(2027, 5, 31, 23, 59), museum(2)).unwrap().uses_left, Some(0));
    assert_eq!(tim.code(at(2027, 5, 31, 23, 59), museum(3)), 92);
}

fn a_year_from_the_first_visit_or_two_months_on(mut lou: Holder) {
    // Sold on 10 January; without a visit the year starts two months later.
    lou.pass.not_before = at(2027, 1, 10, 0, 0);
    lou.pass.expires = at(2028, 3, 10, 0, 0);
    let never_before = lou.ask(at(2027, 6, 1, 10, 0), museum(1)).unwrap();
    assert_eq!(never_before.valid_until, at(2028, 3, 10, 0, 0));
    assert_eq!(lou.visit(at(2027, 2, 1, 10, 0), museum(1)).unwrap().valid_until, at(2028, 2, 1, 0, 0));
    assert_eq!(lou.code(at(2028, 1, 31, 23, 59), museum(1)), 0);
    assert_eq!(lou.code(at(2028, 2, 1, 0, 0), museum(1)), 61);
}

fn nine_days_begun_within_a_year(mut nia: Holder) {
    nia.pass.not_before = at(2027, 3, 15, 11, 0);
    let by = at(2028, 3, 15, 0, 0);
    assert_eq!(nia.ask(by, museum(1)), Err(Denied::ActivationMissed { by, next: None }));
    assert_eq!(nia.ask(by.saturating_add(-1), museum(1)).unwrap().valid_until, at(2028, 3, 23, 0, 0));
    assert_eq!(nia.visit(at(2027, 7, 1, 15, 0), museum(1)).unwrap().valid_until, at(2027, 7, 10, 0, 0));
    assert_eq!(nia.code(at(2027, 7, 9, 9, 0), museum(1)), 90);
    assert_eq!(nia.code(at(2027, 7, 9, 23, 59), museum(5)), 0);
    assert_eq!(nia.code(at(2027, 7, 9, 9, 0), museum(6)), 70);
    assert_eq!(nia.code(at(2027, 7, 10, 0, 0), museum(5)), 61);
}

fn three_of_six_attractions(mut dan: Holder) {
    assert_eq!(dan.visit(at(2027, 3, 1, 10, 0), museum(6)).unwrap().uses_left, Some(2));
    assert_eq!(dan.visit(at(2027, 3, 9, 10, 0), museum(2)).unwrap().uses_left, Some(1));
    assert_eq!(dan.code(at(2027, 3, 9, 11, 0), museum(2)), 90);
    assert_eq!(dan.code(at(2027, 3, 9, 11, 0), museum(7)), 70);
    assert_eq!(dan.code(at(2027, 3, 31, 0, 0), museum(1)), 61, "1 March is day 1, 30 March day 30");
    assert_eq!(dan.visit(at(2027, 3, 30, 23, 59), museum(1)).unwrap().uses_left, Some(0));
    assert_eq!(dan.code(at(2027, 3, 30, 23, 59), museum(4)), 92);
}

fn everything_for_three_days(mut flo: Holder) {
    // Sold on 1 January 2027 and good for two years; the last second before is time enough.
    flo.pass.expires = at(2029, 1, 4, 0, 0);
    let by = at(2029, 1, 1, 0, 0);
    assert_eq!(flo.ask(by, museum(1)), Err(Denied::ActivationMissed { by, next: None }));
    assert_eq!(flo.visit(by.saturating_add(-1), museum(1)).unwrap().valid_until, at(2029, 1, 3, 0, 0));
    assert_eq!(flo.code(at(2029, 1, 2, 23, 59), place(BOATS, 2)), 0, "begun in time, it may go on");
    assert_eq!(flo.code(at(2029, 1, 3, 0, 0), museum(3)), 61);
}

fn two_museums_free_and_the_rest_at_half_price(mut fay: Holder) {
    let odd = VenueFacts { reference_fen: 1_501, ..museum(3) };
    let prices = [(museum(1), 0, 0), (museum(1), 1, 5_000), (museum(2), 0, 0), (odd, 1, 750)];
    for (hour, (museum, grant, due_fen)) in (10..).zip(prices) {
        let entitled = fay.visit(at(2027, 5, 1, hour, 0), museum).unwrap();
        assert_eq!((entitled.grant, entitled.due_fen), (grant, due_fen), "half of 15.01 yuan is 7.50");
    }
    let last = fay.visit(at(2027, 5, 3, 23, 0), museum(4)).unwrap();
    assert_eq!((last.grant, last.valid_until), (1, at(2027, 5, 4, 0, 0)), "both tiers run on one clock");
    assert_eq!(fay.code(at(2027, 5, 3, 23, 0), place(TRANSPORT, 1)), 0);
    assert_eq!(fay.code(at(2027, 5, 4, 0, 0), museum(4)), 61);
}

fn until_five_after_the_last_day(mut urs: Holder) {
    assert_eq!(urs.ask(at(2027, 5, 1, 9, 0), museum(1)), Err(Denied::HolderNotEligible { class: 0 }), "a resident");
    urs.pass.holder_class = 3;
    let (train, summit) = (place(TRANSPORT, 1), place(RAILWAYS, 2));
    assert_eq!(urs.visit(at(2027, 5, 1, 22, 0), train).unwrap().valid_until, at(2027, 5, 4, 5, 0));
    assert_eq!(urs.visit(at(2027, 5, 2, 12, 0), summit).unwrap().due_fen, 5_000);
    assert_eq!(urs.code(at(2027, 5, 4, 4, 59), train), 0, "home from the last night");
    assert_eq!(urs.code(at(2027, 5, 4, 5, 0), train), 61);
}

fn three_days_of_a_month(mut kim: Holder) {
    kim.pass.holder_class = 3;
    let train = place(TRANSPORT, 1);
    let first = kim.visit(at(2027, 5, 1, 22, 0), train).unwrap();
    assert_eq!((first.uses_left, first.valid_until), (Some(2), at(2027, 6, 1, 5, 0)));
    let night = kim.visit(at(2027, 5, 2, 4, 59), train).unwrap();
    assert_eq!(night.uses_left, Some(2), "the night is still the first day");
    assert_eq!(kim.visit(at(2027, 5, 2, 5, 0), museum(1)).unwrap().uses_left, Some(1));
    assert_eq!(kim.visit(at(2027, 5, 20, 9, 0), train).unwrap().uses_left, Some(0));
    assert_eq!(kim.visit(at(2027, 5, 21, 1, 0), train).unwrap().uses_left, Some(0));
    assert_eq!(kim.code(at(2027, 5, 21, 5, 0), train), 92, "a fourth day");
    assert_eq!(kim.code(at(2027, 6, 1, 5, 0), train), 61);
}

fn two_months_or_the_end_of_march(yui: Holder) {
    let end = |first: UnixTime| yui.ask(first, museum(1)).unwrap().valid_until;
    assert_eq!(end(at(2027, 6, 15, 12, 0)), at(2027, 8, 15, 0, 0));
    assert_eq!(end(at(2027, 12, 31, 12, 0)), at(2028, 3, 1, 0, 0), "to the last of February, a leap year's too");
    assert_eq!(end(at(2027, 12, 29, 12, 0)), at(2028, 2, 29, 0, 0), "there is a 29 February: to its eve");
    assert_eq!(end(at(2028, 2, 1, 0, 0)), at(2028, 4, 1, 0, 0));
    assert_eq!(end(at(2028, 3, 30, 12, 0)), at(2028, 4, 1, 0, 0));
    assert_eq!(yui.code(at(2028, 4, 1, 0, 0), museum(1)), 61);
    let mut yui = yui;
    yui.visit(at(2027, 6, 15, 12, 0), museum(1)).unwrap();
    assert_eq!(yui.code(at(2027, 6, 16, 12, 0), museum(1)), 90);
    let discount = yui.visit(at(2027, 6, 16, 12, 0), place(PARTNERS, 2)).unwrap();
    assert_eq!((discount.due_fen, discount.valid_until), (8_000, at(2027, 8, 15, 0, 0)), "a fifth off, on one clock");
}

fn two_nights_from_noon_to_six(mut max: Holder) {
    let club = |number| place(CLUBS, number);
    let early = max.ask(at(2027, 7, 2, 11, 59), club(1)).unwrap_err();
    assert_eq!(early, Denied::OutsideHours { next: Some(at(2027, 7, 2, 12, 0)) });
    assert_eq!(max.visit(at(2027, 7, 2, 23, 0), club(1)).unwrap().valid_until, at(2027, 7, 4, 6, 0));
    assert_eq!(max.code(at(2027, 7, 3, 5, 59), club(2)), 0, "the first night");
    let morning = max.ask(at(2027, 7, 3, 6, 0), club(2)).unwrap_err();
    assert_eq!(morning, Denied::OutsideHours { next: Some(at(2027, 7, 3, 12, 0)) });
    assert_eq!(max.code(at(2027, 7, 4, 5, 59), club(3)), 0, "the second");
    assert_eq!(max.code(at(2027, 7, 4, 12, 0), club(3)), 61);
}

fn a_hundred_visits_shared(mut gao: Holder) {
    gao.pass.holder_class = 1;
    let garden = |number| place(GARDENS, number);
    assert_eq!(gao.code(at(2027, 1, 1, 20, 0), VenueFacts { service: 1, ..garden(1) }), 71, "not the night garden");
    for visit in 0..100u16 {
        let time = at(2027, 1, 1, 9, 0).saturating_add(i64::from(visit) * 86_400);
        assert_eq!(gao.visit(time, garden(visit % 7)).unwrap().uses_left, Some(99 - u32::from(visit)));
    }
    assert_eq!(gao.code(at(2027, 12, 31, 23, 59), garden(1)), 92);
    assert_eq!(gao.code(at(2028, 1, 1, 0, 0), garden(1)), 61, "being over comes before being used up");
}

fn springs_show_forest_or_film_park(mut lin: Holder) {
    let (spring, other_spring, show, forest, film_park) = (museum(11), museum(12), museum(13), museum(14), museum(15));
    let day = |day: i64| at(2027, 3, 1, 13, 0).saturating_add(day * 86_400);
    for visit in 0..24 {
        assert_eq!(lin.visit(day(visit), spring).unwrap().uses_left, Some(47 - 2 * visit as u32));
        assert_eq!(lin.code(day(visit), spring), 90, "once a day");
        lin.visit(day(visit), other_spring).unwrap();
    }
    assert_eq!(lin.code(day(30), other_spring), 92, "48 together");
    assert_eq!(lin.visit(day(30), show).unwrap().uses_left, Some(9), "the show has ten of its own");
    assert_eq!(lin.visit(day(30), place(GARDENS, 1)).unwrap().uses_left, None);
    assert_eq!(lin.code(day(30), film_park), 0);
    let morning = lin.ask(at(2027, 5, 1, 11, 59), forest).unwrap_err();
    assert_eq!(morning, Denied::OutsideHours { next: Some(at(2027, 5, 1, 12, 0)) });
    lin.visit(at(2027, 5, 1, 12, 0), forest).unwrap();
    assert_eq!(lin.ask(day(90), film_park), Err(Denied::OtherBranch { grant: 2, next: None }));
    assert_eq!(lin.visit(day(90), forest).unwrap().uses_left, Some(3));
}

fn each_sight_once_before_four(mut hao: Holder) {
    let sight = |number| place(GARDENS, number);
    let late = hao.ask(at(2027, 5, 1, 16, 0), sight(1)).unwrap_err();
    assert_eq!(late, Denied::OutsideHours { next: Some(at(2027, 5, 2, 0, 0)) });
    hao.visit(at(2027, 5, 1, 15, 59), sight(1)).unwrap();
    assert_eq!(hao.ask(at(2028, 5, 1, 9, 0), sight(1)).unwrap_err().code(), 90);
    // The photo was not that of the visitor: the gate takes its record back, and the entry is there again.
    let gate = hao.usage.uses()[0].gate;
    hao.usage.annul(gate, 0);
    assert_eq!(hao.code(at(2027, 5, 2, 9, 0), sight(1)), 0);
}

fn a_year_and_three_weeks_without_leifeng(mut hui: Holder) {
    let park = |id| VenueFacts { id, ..place(GARDENS, 0) };
    assert_eq!(hui.code(at(2027, 5, 1, 9, 0), park(venue(2, 8))), 73, "for residents");
    hui.pass.holder_class = 1;
    assert_eq!(hui.code(at(2027, 5, 1, 9, 0), park(venue(2, 8))), 0);
    assert_eq!(hui.ask(at(2027, 5, 1, 9, 0), park(LEIFENG)), Err(Denied::VenueNotCovered));
    assert_eq!(hui.code(at(2027, 5, 1, 9, 0), park(venue(1, 8))), 70, "another city's");
    let tour = VenueFacts { service: 3, ..park(venue(2, 8)) };
    assert_eq!(hui.ask(at(2027, 5, 1, 9, 0), tour), Err(Denied::ServiceNotCovered));
    assert_eq!(hui.visit(at(2028, 1, 20, 23, 59), park(venue(2, 8))).unwrap().valid_until, at(2028, 1, 21, 0, 0));
    assert_eq!(hui.code(at(2028, 1, 21, 0, 0), park(venue(2, 8))), 61);
}

fn three_docks_share_six_trips(mut wei: Holder) {
    // Sold on 1 January 2027; the year starts at the first use, or 90 days on.
    wei.pass.expires = at(2027, 1, 1, 0, 0).saturating_add((90 + 365) * 86_400);
    assert_eq!(wei.ask(at(2027, 6, 1, 9, 0), museum(21)).unwrap().valid_until, wei.pass.expires);
    for (trip, left) in (0..6).zip([5, 4, 3, 2, 1, 0]) {
        let dock = museum(21 + trip % 3);
        assert_eq!(wei.visit(at(2027, 2, 1, 9, u32::from(trip)), dock).unwrap().uses_left, Some(left));
    }
    assert_eq!(wei.code(at(2027, 2, 2, 9, 0), museum(22)), 92);
    let holiday = wei.ask(at(2027, 5, 1, 9, 0), museum(24)).unwrap_err();
    assert_eq!(holiday, Denied::Blackout { next: Some(at(2027, 5, 6, 0, 0)) });
    assert_eq!(wei.code(at(2027, 5, 1, 9, 0), place(GARDENS, 30)), 0, "elsewhere holidays count");
    assert_eq!(wei.code(at(2028, 1, 31, 23, 59), museum(24)), 0);
    assert_eq!(wei.code(at(2028, 2, 1, 0, 0), museum(24)), 61);
}

fn the_year_starts_at_the_latest_after_three_months(mut jia: Holder) {
    let (springs, mountain) = (museum(31), place(GARDENS, 1));
    jia.pass.expires = at(2028, 4, 1, 0, 0);
    assert_eq!(jia.ask(at(2027, 6, 1, 9, 0), mountain).unwrap().valid_until, at(2028, 4, 1, 0, 0));
    assert_eq!(jia.visit(at(2027, 2, 15, 9, 0), mountain).unwrap().valid_until, at(2028, 2, 15, 0, 0));
    assert_eq!(jia.code(at(2027, 2, 15, 18, 0), mountain), 90, "once a day");
    for visit in 1..=20 {
        assert_eq!(jia.visit(at(2027, 3, visit, 9, 0), springs).unwrap().uses_left, Some(20 - u32::from(visit)));
    }
    assert_eq!(jia.code(at(2027, 3, 21, 9, 0), springs), 92);
    assert_eq!(jia.code(at(2027, 3, 21, 9, 0), mountain), 0);
}

fn not_on_national_day_on_the_mountain(mut xia: Holder) {
    let (mountain, elsewhere) = (place(GARDENS, 41), place(GARDENS, 1));
    let golden_week = xia.ask(at(2027, 10, 1, 9, 0), mountain).unwrap_err();
    assert_eq!(golden_week, Denied::Blackout { next: Some(at(2027, 10, 6, 0, 0)) });
    assert_eq!(xia.visit(at(2027, 10, 1, 9, 0), elsewhere).unwrap().grant, 1);
    assert_eq!(xia.code(at(2027, 10, 5, 23, 59), mountain), 80);
    assert_eq!(xia.visit(at(2027, 10, 6, 0, 0), mountain).unwrap().grant, 0);
    assert_eq!(xia.code(at(2027, 2, 20, 9, 0), mountain), 80, "the Lantern Festival");
}

fn once_a_day_at_each_sight(mut xun: Holder) {
    for day in 1..=30 {
        xun.visit(at(2027, 4, day, 9, 0), place(GARDENS, 1)).unwrap();
        let again = xun.ask(at(2027, 4, day, 23, 59), place(GARDENS, 1)).unwrap_err();
        assert_eq!((again.code(), again.next()), (90, Some(at(2027, 4, day, 0, 0).saturating_add(86_400))));
        xun.visit(at(2027, 4, day, 23, 59), place(GARDENS, 2)).unwrap();
    }
}

fn free_sights_and_a_tenth_off(mut kun: Holder) {
    assert_eq!(kun.visit(at(2027, 4, 1, 9, 0), place(GARDENS, 1)).unwrap().due_fen, 0);
    let shop = VenueFacts { reference_fen: 1_999, ..place(PARTNERS, 2) };
    assert_eq!(kun.visit(at(2027, 4, 1, 10, 0), shop).unwrap().due_fen, 1_799, "rounded down");
    assert_eq!(kun.code(at(2027, 4, 1, 10, 0), museum(1)), 70);
}

fn a_family_of_four(mut poon: Holder) {
    poon.party = 5;
    assert_eq!(poon.ask(at(2027, 5, 1, 9, 0), museum(1)), Err(Denied::PartyTooLarge { max: 4 }));
    poon.party = 4;
    assert_eq!(poon.visit(at(2027, 5, 1, 9, 0), museum(1)).unwrap().due_fen, 0);
    poon.party = 1;
    assert_eq!(poon.code(at(2027, 5, 1, 9, 1), museum(1)), 0, "one of them comes back");
}

fn residents_always_and_everyone_on_the_15th(rui: Holder) {
    let visitor = |day, hour, minute| rui.ask(at(2027, 3, day, hour, minute), museum(1));
    assert_eq!(visitor(14, 23, 59).unwrap_err(), Denied::Blackout { next: Some(at(2027, 3, 15, 0, 0)) });
    assert_eq!(visitor(15, 0, 0).unwrap().grant, 1);
    assert_eq!(visitor(15, 23, 59).unwrap().grant, 1);
    assert_eq!(visitor(16, 0, 0).unwrap_err(), Denied::Blackout { next: Some(at(2027, 4, 15, 0, 0)) });
    assert_eq!(
        rui.ask(at(2027, 12, 16, 0, 0), museum(1)).unwrap_err().next(),
        None,
        "the next year is another product"
    );
    let mut resident = Holder::of(rui.product.clone());
    resident.pass.holder_class = 1;
    assert_eq!(resident.ask(at(2027, 3, 14, 12, 0), museum(1)).unwrap().grant, 0);
}

fn residents_and_their_elders(mut ida: Holder) {
    assert_eq!(ida.ask(at(2027, 5, 1, 9, 0), museum(1)), Err(Denied::HolderNotEligible { class: 0 }));
    ida.pass.holder_class = 1;
    assert_eq!(ida.ask(at(2027, 5, 1, 9, 0), museum(1)).unwrap().due_fen, 1_000);
    for left in (0..12).rev() {
        let garden = ida.visit(at(2027, 5, 1, 9, left), place(GARDENS, 5)).unwrap();
        assert_eq!((garden.due_fen, garden.uses_left), (5_000, Some(left)));
    }
    let spent = ida.ask(at(2027, 5, 1, 10, 0), place(GARDENS, 5)).unwrap_err();
    assert_eq!((spent.code(), spent.next()), (92, Some(at(2028, 1, 1, 0, 0))), "twelve a year");
    ida.pass.holder_class = 2;
    assert_eq!(ida.ask(at(2027, 5, 1, 9, 0), place(GARDENS, 5)).unwrap().due_fen, 0);
}

fn two_adults_and_three_children(mut family: Holder) {
    family.party = 6;
    assert_eq!(family.ask(at(2027, 5, 1, 9, 0), museum(1)), Err(Denied::PartyTooLarge { max: 5 }));
    family.party = 5;
    let all = family.visit(at(2027, 5, 1, 9, 0), museum(1)).unwrap();
    assert_eq!((all.due_fen, all.uses_left), (2_500, Some(9)), "five pay, one entry is used");
    family.party = 1;
    assert_eq!(family.code(at(2027, 5, 1, 9, 1), museum(1)), 90, "the rest of the family comes together or not at all");
    family.party = 0;
    assert_eq!(family.ask(at(2027, 5, 2, 9, 0), museum(1)).unwrap().due_fen, 500, "nobody pays as one");
}

const DOCUMENT: &str = include_str!("../../../docs/products.md");
const FENCE: &str = "```\n";

/// The document with each product, and the name of its story, as they are here.
fn document() -> String {
    let mut sections = DOCUMENT.split("\n### ");
    let mut written = sections.next().unwrap().to_owned();
    let mut told = told().into_iter();
    for section in sections {
        let (heading, body) = section.split_once('\n').unwrap();
        let pass = told.next().unwrap_or_else(|| panic!("{heading:?} has no story"));
        assert_eq!(heading, pass.heading);
        let (before, rest) = body.split_once(FENCE).unwrap();
        let (_, after) = rest.split_once(FENCE).unwrap();
        let product = notation(&pass.product);
        written += &format!("\n### {heading}\n{before}{FENCE}story: {}\n{product}{FENCE}{after}", pass.story);
    }
    assert!(told.next().is_none(), "a story that the document does not tell");
    written
}

#[test]
fn the_document_shows_these_products() {
    assert!(told().len() >= 20);
    assert!(document() == DOCUMENT, "`cargo test write_the_document -- --ignored` brings docs/products.md up to date");
}

#[test]
#[ignore = "writes docs/products.md"]
fn write_the_document() {
    std::fs::write(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/products.md"), document()).unwrap();
}
