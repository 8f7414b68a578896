#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| onecard_fuzz::tlog_proof::run(data));
