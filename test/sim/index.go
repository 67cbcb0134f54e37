package sim

import (
	"slices"
	"strings"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
)

// index finds things without looking at all of them. What is kept here follows
// from the lists of the world: who adds to those need know nothing of it.
type index struct {
	living [][]*Machine // by node: without those that are gone for good
	seen   int          // machines taken up

	pools   map[string]*Pool
	ofNodes map[int][]*Pool
	alarms  map[string]*Alarm
	keys    []string // of the table, in order
	ids1    []int    // of the nodes
}

// of is every machine of a node but those that are terminated and have no power.
func (w *World) of(node int) []*Machine {
	x := &w.index
	for ; x.seen < len(w.machines); x.seen++ {
		m := w.machines[x.seen]
		for len(x.living) <= m.node {
			x.living = append(x.living, nil)
		}
		x.living[m.node] = append(x.living[m.node], m)
	}
	if node >= len(x.living) {
		return nil
	}
	list := x.living[node]
	if slices.ContainsFunc(list, gone) {
		list = slices.DeleteFunc(list, gone)
		x.living[node] = list
	}
	return list
}

func gone(m *Machine) bool { return m.State == cloud.Terminated && !m.powered && !m.lost }

func (w *World) pool(arn string) *Pool {
	w.indexPools()
	return w.index.pools[arn]
}

// poolsOf is a node's own target groups.
func (w *World) poolsOf(node int) []*Pool {
	w.indexPools()
	return w.index.ofNodes[node]
}

func (w *World) indexPools() {
	x := &w.index
	if len(x.pools) == len(w.pools) {
		return
	}
	x.pools, x.ofNodes = map[string]*Pool{}, map[int][]*Pool{}
	for _, p := range w.pools {
		x.pools[p.ARN] = p
		x.ofNodes[p.node] = append(x.ofNodes[p.node], p)
	}
}

func (w *World) alarm(name string) *Alarm {
	x := &w.index
	if len(x.alarms) != len(w.alarms) {
		x.alarms = map[string]*Alarm{}
		for _, a := range w.alarms {
			x.alarms[a.Name] = a
		}
	}
	return x.alarms[name]
}

// keep writes an item.
func (w *World) keep(key string, item cloud.Item) {
	if _, ok := w.items[key]; !ok {
		at, _ := slices.BinarySearch(w.index.keys, key)
		w.index.keys = slices.Insert(w.index.keys, at, key)
	}
	w.items[key] = item
}

func (w *World) drop(key string) {
	delete(w.items, key)
	if at, ok := slices.BinarySearch(w.index.keys, key); ok {
		w.index.keys = slices.Delete(w.index.keys, at, at+1)
	}
}

// under is every item whose key begins with the prefix, in order.
func (w *World) under(prefix string) []cloud.Item {
	at, _ := slices.BinarySearch(w.index.keys, prefix)
	var list []cloud.Item
	for _, k := range w.index.keys[at:] {
		if !strings.HasPrefix(k, prefix) {
			break
		}
		list = append(list, w.items[k])
	}
	return list
}
