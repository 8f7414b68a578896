#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| onecard_fuzz::trust_rules::run(data));
