package sim_test

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/test/sim"
)

// What nobody may read who reads logs, notices and events: a node's user data ("#!/bin/sh"
// of the scenarios' richest node, as EC2 keeps it and as it is), and the signed address
// of a deployment's request.
var secrets = []string{"IyEvYmluL3No", "#!/bin/sh", "X-Amz-", "https://x.s3"}

// told are the ports by which the switcher speaks, and the table by which it remembers.
type told struct {
	cloud.Table
	text, records strings.Builder
}

type toldBus struct{ t *told }

func (t *told) Publish(_ context.Context, n cloud.Notice) error {
	t.text.WriteString(n.Subject + "\n" + n.Body + "\n")
	return nil
}

func (b toldBus) Put(_ context.Context, e cloud.Happening) error {
	b.t.text.Write(e.Detail)
	return nil
}

func (t *told) Put(_ context.Context, i cloud.Item, _ int64) error {
	t.records.Write(i.Body)
	return nil
}

func (t *told) witness(d sim.Deed) {
	if strings.HasPrefix(d.Like, "Publish") || strings.HasPrefix(d.Like, "Put ") {
		d.Again(cloud.Ports{Topic: t, Bus: toldBus{t}, Table: t})
	}
}

// TestNothingToldIsSecret: no log line, notice or event of the switcher holds user data
// or a signed address, whatever happens: recoveries, deployments, refusals. The records
// must hold both, so the runs had them to tell.
func TestNothingToldIsSecret(t *testing.T) {
	var runs, lines int
	known := map[string]bool{}
	for _, pattern := range []string{"14", "17", "20", "35", "36", "37", "38"} {
		files, err := filepath.Glob("testdata/scenarios/" + pattern + "*.txt")
		if err != nil || len(files) == 0 {
			t.Fatalf("no scenario %s: %v", pattern, err)
		}
		for _, file := range files {
			s, err := sim.ReadScenario(file)
			if err != nil {
				t.Fatal(err)
			}
			if s.Skipped > 0 {
				continue // it does not end as it should yet
			}
			h := &told{}
			s.Witness = h.witness
			_, err = s.Run(s.Variants()[0], func(line string) {
				lines++
				for _, secret := range secrets {
					if strings.Contains(line, secret) {
						t.Errorf("%s: %q is logged: %s", file, secret, line)
					}
				}
			})
			if err != nil {
				t.Errorf("%s: %v", file, err)
			}
			for _, secret := range secrets {
				if strings.Contains(h.text.String(), secret) {
					t.Errorf("%s: %q is told to people or on the bus", file, secret)
				}
				known[secret] = known[secret] || strings.Contains(h.records.String(), secret)
			}
			runs++
		}
	}
	for _, secret := range []string{secrets[0], secrets[2]} {
		if !known[secret] {
			t.Errorf("no record of %d runs holds %q: the runs prove nothing", runs, secret)
		}
	}
	if lines == 0 {
		t.Error("nothing was logged: the runs prove nothing")
	}
}
