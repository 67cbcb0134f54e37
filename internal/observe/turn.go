package observe

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/workload-recovery/workload-recovery/internal/budget"
	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/contract"
)

// ErrLater is why a part is unseen that was not asked for, since the API's budget
// had no room. The node waits: it is looked at in a later round, who waited longest first.
var ErrLater = errors.New("not looked at in this round: the API's budget has no room")

// Purse is what the calls are paid from.
type Purse interface {
	// Take pays for a call, or says that it must wait.
	Take(costs ...budget.Cost) bool
	// Throttled notes that AWS refused such a call.
	Throttled(costs ...budget.Cost)
}

// Gang carries out calls that do not depend on each other.
type Gang interface {
	Each(ctx context.Context, n int, do func(ctx context.Context, i int))
}

func (o Observer) take(costs ...budget.Cost) bool { return o.Purse == nil || o.Purse.Take(costs...) }

// paid notes a throttling. It returns the error as it is.
func (o Observer) paid(err error, costs ...budget.Cost) error {
	if o.Purse != nil && cloud.Is(err, cloud.Throttled) {
		o.Purse.Throttled(costs...)
	}
	return err
}

func (o Observer) each(ctx context.Context, n int, do func(ctx context.Context, i int)) {
	if o.Gang != nil {
		o.Gang.Each(ctx, n, do)
		return
	}
	for i := range n {
		do(ctx, i)
	}
}

func one(apis ...budget.API) []budget.Cost {
	costs := make([]budget.Cost, 0, len(apis))
	for _, a := range apis {
		costs = append(costs, budget.Cost{API: a, Tokens: 1})
	}
	return costs
}

// want is one thing that a node, or several, must have looked at.
type want struct {
	name string
	rank int // lower ranks are looked at first
}

// wantList keeps the order of the nodes and no name twice.
type wantList struct {
	list []want
	at   map[string]int
}

func (l *wantList) add(rank int, names ...string) {
	for _, name := range names {
		if i, ok := l.at[name]; ok {
			l.list[i].rank = min(l.list[i].rank, rank)
			continue
		}
		if l.at == nil {
			l.at = map[string]int{}
		}
		l.at[name] = len(l.list)
		l.list = append(l.list, want{name, rank})
	}
}

// chosen are the names that may be looked at in this round, sorted: by rank, then
// who waited longest, then the nodes' own order. pay says whether there is room for
// number i. The others are marked as later.
func (o Observer) chosen(part Part, l wantList, f *Facts, now time.Time, pay func(i int) bool) []string {
	if len(l.list) == 0 {
		return nil
	}
	before, looked := o.Memory.looked[part], map[string]time.Time{}
	list := slices.Clone(l.list)
	slices.SortStableFunc(list, func(a, b want) int {
		return cmp.Or(cmp.Compare(a.rank, b.rank), before[a.name].Compare(before[b.name]))
	})
	names := make([]string, 0, len(list))
	room := true
	for i, x := range list {
		if room = room && pay(i); room {
			names = append(names, x.name)
			looked[x.name] = now
			continue
		}
		f.postpone(part, x.name)
		looked[x.name] = before[x.name]
	}
	if o.Memory.looked == nil {
		o.Memory.looked = map[Part]map[string]time.Time{}
	}
	o.Memory.looked[part] = looked
	slices.Sort(names)
	return names
}

func (f *Facts) postpone(part Part, name string) {
	if f.later == nil {
		f.later = map[Part]map[string]bool{}
	}
	if f.later[part] == nil {
		f.later[part] = map[string]bool{}
	}
	f.later[part][name] = true
}

// For is the facts as one node may use them; sweep says that it is looked at as a
// sweep does. A part of which something that the
// node needs was not looked at in this round is unseen, because of ErrLater.
func (f Facts) For(n Need, sweep bool) Facts {
	shared := true
	miss := func(part Part, names ...string) {
		if len(f.later[part]) == 0 || f.Unseen[part] != nil {
			return
		}
		for _, name := range names {
			if !f.later[part][name] {
				continue
			}
			if shared {
				f.Unseen, shared = maps.Clone(f.Unseen), false
			}
			f.Unseen[part] = ErrLater
			return
		}
	}
	f.Sweep = sweep
	miss(PartTargets, n.Targets...)
	miss(PartDetails, n.Details...)
	miss(PartAlarms, n.Alarms...)
	if n.Fresh {
		miss(partFreshAlarms, n.Alarms...)
		if f.Unseen[partFreshAlarms] != nil {
			f.Unseen[PartAlarms] = ErrLater
		}
	}
	for _, t := range n.Templates {
		miss(PartTemplates, templateName(t))
	}
	if n.Tagged != 0 {
		miss(PartTagged, strconv.Itoa(n.Tagged))
	}
	miss(PartScheduled, n.Scheduled...)
	miss(PartFailing, n.Failing...)
	return f
}

// partFreshAlarms are alarms that are known from a moment ago only.
const partFreshAlarms Part = "fresh alarms"

// Postponed reports whether something that the facts' node needs was not looked at.
func (f Facts) Postponed() bool {
	for _, err := range f.Unseen {
		if errors.Is(err, ErrLater) {
			return true
		}
	}
	return false
}

// AllAlarms reports whether every alarm that a node of the round needs is known.
func (f Facts) AllAlarms() bool { return len(f.later[PartAlarms]) == 0 }

func templateName(t contract.Template) string { return t.ID + "/" + t.Version }
