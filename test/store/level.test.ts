// The level engine fulfils the store contract.
import { LevelHarness } from './level-kit.ts'
import { storeSuite } from './suite.ts'

storeSuite('level', () => LevelHarness.start())
