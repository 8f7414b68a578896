#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| onecard_fuzz::tile_path::run(data));
