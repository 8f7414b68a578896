//! A store in memory whose commits fail as told, in both ways that [`Storage`] allows.

use onecard::tlog::{LogKey, MemoryError, MemoryStorage, Row, Series, Storage, Write};
use std::cell::Cell;
use std::ops::Range;
use std::rc::Rc;

/// What becomes of the next commit: nothing, fails before or after it is made.
pub type Fault = Rc<Cell<u8>>;

#[derive(Clone, Default)]
pub struct Store {
    pub rows: MemoryStorage,
    pub fault: Fault,
}

impl Storage for Store {
    type Error = MemoryError;

    fn get(&self, row: Row) -> Result<Option<Vec<u8>>, MemoryError> {
        self.rows.get(row)
    }

    fn commit(&mut self, writes: &[Write]) -> Result<(), MemoryError> {
        match self.fault.take() {
            0 => self.rows.commit(writes),
            1 => Err(MemoryError::Told),
            _ => self.rows.commit(writes).and(Err(MemoryError::Told)),
        }
    }

    fn scan(
        &self,
        series: Series,
        log: LogKey,
        indices: Range<u64>,
        visit: &mut dyn FnMut(u64, &[u8]) -> bool,
    ) -> Result<(), MemoryError> {
        self.rows.scan(series, log, indices, visit)
    }
}
