// `npm run build`: a complete build, whatever the state of dist/.
import { build } from './bootstrap.js'

build({ force: true })
