package sim

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
)

// What becomes of the machines of an image, beside sick and dies.
const (
	good    = "good"
	ends    = "ends"    // its application ends at once, and its fault script powers it off
	missing = "missing" // there is no such image any more
	refused = "refused" // its key may not be used
)

// badImages are the fates of an image that is not good.
var badImages = []string{sick, dies, ends, missing, refused}

// version is one version of a node's launch template, with the fate of its image.
type version struct {
	cloud.Blueprint
	fate string
}

// versionOf finds a version of the node's launch template by its number.
func (w *World) versionOf(node int, number string) (version, bool) {
	n, err := strconv.Atoi(number)
	plan, ok := w.plans[node]
	switch {
	case err != nil || !ok || n < 1 || n > 1+len(w.nodes[node].versions):
		return version{}, false
	case n == 1:
		return version{plan, good}, true
	}
	return w.nodes[node].versions[n-2], true
}

// imageOf finds what a node was ever meant to be like by its image: a version of its
// launch template, or the instance that it adopted.
func (w *World) imageOf(node int, image string) (version, bool) {
	t := w.nodes[node]
	if t == nil {
		return version{}, false
	}
	if w.plans[node].Image == image {
		return version{w.plans[node], good}, true
	}
	if t.own.Image != "" && t.own.Image == image {
		return t.own, true
	}
	i := slices.IndexFunc(t.versions, func(v version) bool { return v.Image == image })
	if i < 0 {
		return version{}, false
	}
	return t.versions[i], true
}

// newVersion adds a version with an image of that fate to the node's launch template,
// and returns its number. change, if given, changes more than the image.
func (w *World) newVersion(node int, fate string, change func(*cloud.Blueprint)) string {
	t := w.nodes[node]
	b := w.plans[node]
	b.Tags, b.Interfaces = maps.Clone(b.Tags), slices.Clone(b.Interfaces)
	number := 2 + len(t.versions)
	b.Image = fmt.Sprintf("ami-%d-%d", node, number)
	if change != nil {
		change(&b)
	}
	t.versions = append(t.versions, version{b, fate})
	w.Log("version %d of the launch template of node %d: %s, %s, %s", number, node, b.Image, b.Type, fate)
	return strconv.Itoa(number)
}

// likeBefore makes a new version that is like an earlier one.
func (w *World) likeBefore(node int, number any) string {
	text, _ := number.(string)
	v, _ := w.versionOf(node, text)
	t := w.nodes[node]
	t.versions = append(t.versions, v)
	return strconv.Itoa(1 + len(t.versions))
}

// launchable is what EC2 says to an image before it launches anything.
func (w *World) launchable(node int, image string) error {
	switch v, ok := w.imageOf(node, image); {
	case !ok, v.fate == missing:
		return refuse(cloud.Invalid, "EC2", "RunInstances", "InvalidAMIID.NotFound")
	case v.fate == refused:
		return refuse(cloud.Denied, "EC2", "RunInstances", "UnauthorizedOperation")
	}
	return nil
}

// befall lets the fate of its image come over a new machine.
func (w *World) befall(m *Machine) {
	v, ok := w.imageOf(m.node, m.Image)
	if !ok {
		return
	}
	switch v.fate {
	case sick:
		m.sick = true
	case dies:
		w.After(time.Second, func() { w.perish(m) })
	case ends:
		m.ends = true
	}
}

// perish lets a machine die while it is pending.
func (w *World) perish(m *Machine) {
	m.gen++
	w.off(m)
	m.StateReason = "Server.InternalError: Internal error on launch"
	w.state(m, cloud.Terminated)
}

// doomed reports whether the machine's image never becomes healthy.
func (w *World) doomed(m *Machine) bool {
	v, ok := w.imageOf(m.node, m.Image)
	return ok && v.fate == sick
}
