/** The store's public surface. */
export { StoreError, type StoreErrorCode } from './errors.ts'
export { fromSequenceKey, JOURNAL, type StoredRecord, toSequenceKey } from './record.ts'
export { openStore, type Store } from './store.ts'
