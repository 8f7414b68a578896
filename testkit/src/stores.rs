//! Stores in memory that fail as they are told to, count, or are in several hands.

use onecard::tlog::{LogKey, MemoryError, MemoryStorage, Row, Series, Storage, Write};
use std::cell::Cell;
use std::ops::Range;
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

/// What becomes of the next commit: nothing, fails before or after it is made.
pub type Fault = Rc<Cell<u8>>;

/// A store whose commits fail as told, in both ways that [`Storage`] allows.
#[derive(Clone, Default)]
pub struct Failing {
    pub rows: MemoryStorage,
    pub fault: Fault,
}

impl Storage for Failing {
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

/// A store that counts its commits, and fails one of them.
#[derive(Debug, Default)]
pub struct Counting {
    pub rows: MemoryStorage,
    pub commits: Arc<AtomicU64>,
    pub fails_at: u64,
}

impl Storage for Counting {
    type Error = MemoryError;

    fn get(&self, row: Row) -> Result<Option<Vec<u8>>, MemoryError> {
        self.rows.get(row)
    }

    fn commit(&mut self, writes: &[Write]) -> Result<(), MemoryError> {
        let before = self.commits.fetch_add(1, Ordering::SeqCst);
        if before + 1 == self.fails_at { Err(MemoryError::Told) } else { self.rows.commit(writes) }
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

/// One store in several hands.
#[derive(Debug)]
pub struct Common<S>(pub Arc<Mutex<S>>);

impl<S> Clone for Common<S> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<S: Storage> Storage for Common<S> {
    type Error = S::Error;

    fn get(&self, row: Row) -> Result<Option<Vec<u8>>, S::Error> {
        self.0.lock().unwrap().get(row)
    }

    fn commit(&mut self, writes: &[Write]) -> Result<(), S::Error> {
        self.0.lock().unwrap().commit(writes)
    }

    fn recover(&mut self) -> Result<(), S::Error> {
        self.0.lock().unwrap().recover()
    }

    fn scan(
        &self,
        series: Series,
        log: LogKey,
        indices: Range<u64>,
        visit: &mut dyn FnMut(u64, &[u8]) -> bool,
    ) -> Result<(), S::Error> {
        self.0.lock().unwrap().scan(series, log, indices, visit)
    }
}
