//! A product that is accepted is valid and the one encoding of itself; a product made up is accepted
//! exactly when it is valid.

use super::input::Input;
use super::products::{RICH, plain, product};
use onecard::product::{Product, ProductError};
use onecard::wire::cbor::{Decoder, Encoder};

pub fn run(data: &[u8]) {
    match Decoder::all(data, Product::decode) {
        Ok(product) => {
            assert_eq!(product.validate(), Ok(()));
            assert_eq!(encode(&product), data, "accepted, but not the encoding of {product:?}");
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
    let made = product(&mut Input::new(data));
    let decoded = Decoder::all(&encode(&made), Product::decode);
    match made.validate() {
        Ok(()) => assert_eq!(decoded, Ok(made)),
        // A default that is written out is refused by the codec, whatever is wrong with it beside.
        Err(error) => assert!(decoded == Err(error) || matches!(decoded, Err(ProductError::Cbor(_))), "{decoded:?}"),
    }
}

pub fn seeds() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("empty", vec![]),
        ("plain", encode(&plain())),
        ("rich", encode(&product(&mut Input::new(&RICH)))),
        ("made-rich", RICH.to_vec()),
        ("made-first-use", vec![0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 1]),
    ]
}

fn encode(product: &Product) -> Vec<u8> {
    let mut out = Encoder::new();
    product.encode(&mut out);
    out.finish()
}
