// `npm run build`: a complete build, whatever the state of dist/.
import { build, install } from './bootstrap.js'

// The lock file may have been changed by others since the last build.
install()
build({ force: true })
