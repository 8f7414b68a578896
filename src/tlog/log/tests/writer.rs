//! Tests of `writer.rs`.

use super::*;
use crate::tlog::{LogKey, MemoryError, MemoryStorage, Row};

#[test]
fn an_owner_is_sure_once_it_has_what_the_store_holds() {
    let (mut storage, mut writer) = (MemoryStorage::new(), Writer::default());
    let write = [Write::Put(Row::Size { log: LogKey(1) }, vec![1])];
    assert_eq!(writer.begin(&storage), Err(NotReady::Unsure), "nothing was read yet");
    writer.settled();
    assert_eq!(writer.begin(&storage), Ok(()));
    assert_eq!(writer.recover(&mut storage), Ok(false));
    writer.commit(&mut storage, &write).unwrap();
    assert_eq!(writer.begin(&storage), Err(NotReady::Unsure), "what was committed is not taken over");
    writer.settled();
    storage.fail_after(0);
    assert_eq!(writer.commit(&mut storage, &write), Err(MemoryError::Told));
    assert_eq!(writer.begin(&storage), Err(NotReady::Unsure));
    assert_eq!(writer.recover(&mut storage), Ok(true));
    assert_eq!(writer.begin(&storage), Err(NotReady::Unsure), "nothing was read since");
    writer.settled();
    assert_eq!(writer.begin(&storage), Ok(()));
    storage.fork();
    assert_eq!(writer.begin(&storage), Err(NotReady::Storage(MemoryError::Forked)));
    assert_eq!(writer.recover(&mut storage), Err(MemoryError::Forked));
}
