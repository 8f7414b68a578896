#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| onecard_fuzz::cose_sign1::run(data));
