#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| onecard_fuzz::over_use::run(data));
