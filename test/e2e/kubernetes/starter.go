package main

import (
	"io"
	"os"
)

// endWithStarter ends this process once nobody holds the other end of its standard input any more, which is also what
// a kill of the starter comes to: no server outlives the test that started it.
func endWithStarter() {
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(1)
	}()
}
