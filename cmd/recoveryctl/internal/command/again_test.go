package command

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/workload-recovery/workload-recovery/cmd/recoveryctl/internal/account"
	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/contract"
	"github.com/workload-recovery/workload-recovery/internal/fake"
	"github.com/workload-recovery/workload-recovery/internal/record"
)

var (
	silence = &cloud.Error{Kind: cloud.Ambiguous, Service: "DynamoDB", Action: "GetItem", Err: context.DeadlineExceeded}
	refusal = &cloud.Error{Kind: cloud.Denied, Service: "DynamoDB", Action: "GetItem", Code: "AccessDeniedException"}
)

// deafTable answers the first reads with these errors.
type deafTable struct {
	cloud.Table
	errs *[]error
}

func (d deafTable) next() error {
	if len(*d.errs) == 0 {
		return nil
	}
	err := (*d.errs)[0]
	*d.errs = (*d.errs)[1:]
	return err
}

func (d deafTable) Get(ctx context.Context, partition, sort string) (cloud.Item, error) {
	if err := d.next(); err != nil {
		return cloud.Item{}, err
	}
	return d.Table.Get(ctx, partition, sort)
}

func (d deafTable) Query(ctx context.Context, partition, prefix string) ([]cloud.Item, error) {
	if err := d.next(); err != nil {
		return nil, err
	}
	return d.Table.Query(ctx, partition, prefix)
}

// deafPlace is a node that serves, in a table whose first reads fail with errs.
func deafPlace(t *testing.T, errs ...error) place {
	t.Helper()
	w := fake.New(now)
	n := record.Node{ID: 7, Epoch: 2, Phase: record.Done, Since: now, Grant: &record.Grant{Instance: "i-2", Zone: "b"}}
	cfg := contract.Config{Name: "rec", VPC: "vpc-1"}
	store := record.Store{Table: w.Ports().Table, VPC: cfg.VPC}
	if _, err := store.Save(t.Context(), n, now); err != nil {
		t.Fatal(err)
	}
	ports := w.Ports()
	ports.Table = deafTable{ports.Table, &errs}
	return place{Switcher: account.Switcher{Config: cfg, Ports: ports, Store: record.Store{Table: ports.Table, VPC: cfg.VPC}}, node: n}
}

// TestFollowingOutlivesReadsWithoutAnswer: each command that follows a switch reads again
// until AWS answers.
func TestFollowingOutlivesReadsWithoutAnswer(t *testing.T) {
	throttled := &cloud.Error{Kind: cloud.Throttled, Service: "DynamoDB", Action: "Query"}
	always := func(record.Node) bool { return true }
	for name, follow := range map[string]func(context.Context, *cli, place) error{
		"watch and switch": func(ctx context.Context, c *cli, p place) error { _, err := c.follow(ctx, p, always, 0); return err },
		"watch all": func(ctx context.Context, c *cli, p place) error {
			return c.watchNodes(ctx, []account.Switcher{p.Switcher}, 0)
		},
		"drill": func(ctx context.Context, c *cli, p place) error {
			before := p.node
			before.Grant = &record.Grant{Instance: "i-1"}
			return c.recovered(ctx, p, []record.Node{before}, time.Hour)
		},
		"order": func(ctx context.Context, c *cli, p place) error {
			_, err := c.taken(ctx, p, nil, account.Receipt{}, time.Hour)
			return err
		},
	} {
		ctx, interrupt := context.WithCancel(t.Context())
		slept := 0
		cl, _, progress := rig("", func(s *Surroundings) {
			s.Sleep = func(ctx context.Context, _ time.Duration) error {
				if slept++; slept > 5 {
					interrupt() // only "watch all" has no end of its own
				}
				return ctx.Err()
			}
		})
		if err := follow(ctx, cl, deafPlace(t, silence, throttled, silence)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		interrupt()
		if text := progress.String(); strings.Count(text, "reads again") != 1 || strings.Count(text, "AWS answers again") != 1 {
			t.Errorf("%s: it reported %q, want the first failed read and the answer", name, text)
		}
	}
}

func TestReadAgainEnds(t *testing.T) {
	read := func(errs ...error) func(context.Context) (int, error) {
		return func(context.Context) (int, error) {
			err := errs[0]
			if len(errs) > 1 {
				errs = errs[1:]
			}
			return 1, err
		}
	}
	undecodable := errors.New("the record is not readable")
	for name, c := range map[string]struct {
		read  func(context.Context) (int, error)
		want  error
		slept int
	}{
		"at the deadline":           {read(silence), silence, 3},
		"when access is denied":     {read(refusal), refusal, 0},
		"when credentials expire":   {read(account.Explain(&cloud.Error{Kind: cloud.Ambiguous, Code: "ExpiredToken"}, "read")), nil, 0},
		"when a record is damaged":  {read(undecodable), undecodable, 0},
		"when it is explained":      {read(account.Explain(silence, "read"), nil), nil, 1},
		"when access is denied now": {read(silence, refusal), refusal, 1},
	} {
		clock, slept := now, 0
		cl, _, _ := rig("", func(s *Surroundings) {
			s.Now = func() time.Time { return clock }
			s.Sleep = func(context.Context, time.Duration) error { slept++; clock = clock.Add(time.Second); return nil }
		})
		_, err := readAgain(t.Context(), cl, now.Add(3*time.Second), c.read)
		if c.want != nil && !errors.Is(err, c.want) || slept != c.slept {
			t.Errorf("%s: %v after %d waits, want %v after %d", name, err, slept, c.want, c.slept)
		}
	}
}

func TestReadAgainIsInterrupted(t *testing.T) {
	cl, _, _ := rig("", func(s *Surroundings) {
		s.Sleep = func(context.Context, time.Duration) error { return context.Canceled }
	})
	_, err := readAgain(t.Context(), cl, time.Time{}, func(context.Context) (int, error) { return 0, silence })
	if err == nil || !strings.Contains(err.Error(), "interrupted") {
		t.Errorf("%v, want that it was interrupted", err)
	}
}
