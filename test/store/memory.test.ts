// The memory engine fulfils the store contract.
import { openMemoryStore } from '../../src/store/memory/memory-store.ts'
import { storeSuite } from './suite.ts'

storeSuite('memory', async () => {
  const store = openMemoryStore()
  return { store, end: () => store.close() }
})
