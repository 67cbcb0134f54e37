// Package examples holds the Go of the manual's pages in docs/constructs. Each page
// shows one file from its imports on; test/docs holds the two equal, and test/template
// synthesises every example.
package examples
