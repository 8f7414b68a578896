#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| onecard_fuzz::usage_digest::run(data));
