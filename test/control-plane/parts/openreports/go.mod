module nightshift.dev/test/parts/openreports

go 1.26.0

// Its CustomResourceDefinitions lie in config/crd; nothing of it is compiled.
require github.com/openreports/reports-api v0.2.1
