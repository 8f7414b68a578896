//! A product that is accepted is valid and the one encoding of itself; a product made up is accepted
//! exactly when it is valid.

use super::input::Input;
use super::products::{RICH, plain, product};
use onecard::product::{Product, ProductError};
use onecard::wire::cbor::{Decoder, Encoder};

/// Inputs drawn from these numbers are in the corpus: products of one to five grants, and every kind of refusal.
pub const DRAWN: [u64; 64] = [
    0, 1, 2, 3, 4, 5, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 6,
    20, 98, 39, 65, 76, 90, 123, 150, 132, 141, 159, 200, 262, 332, 377, 579, 660, 1011, 1019, 1446, 124, 174, 197,
    495, 559, 2503, 1314, 1686, 2501, 2675, 4348, 7308, 51,
];

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
