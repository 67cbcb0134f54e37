package record

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/contract"
)

// Store is the table as one VPC's switcher sees it.
type Store struct {
	Table cloud.Table
	VPC   string
	Memo  *Memo // nil: every record is decoded whenever it is read
	// Switcher is the name under which this store acquires the VPC's lease. "" acquires
	// none: recoveryctl only reads.
	Switcher string
}

// tombstoneLife is how long a deleted node's record is kept: longer than any
// late delivery of its requests (Lambda keeps an asynchronous event for 6 h,
// EventBridge for 24 h).
const tombstoneLife = 7 * 24 * time.Hour

// Nodes reads every node of the VPC.
func (s Store) Nodes(ctx context.Context) ([]Node, error) {
	items, err := s.Table.Query(ctx, contract.VPCPartition(s.VPC), contract.NodePrefix)
	if err != nil {
		return nil, fmt.Errorf("read the nodes of %s: %w", s.VPC, err)
	}
	nodes := make([]Node, 0, len(items))
	for _, it := range items {
		n, err := s.Memo.Decode(it)
		if err != nil {
			return nil, err
		}
		nodes = append(nodes, n)
	}
	return nodes, nil
}

// Node reads one node. The error is of kind NotFound if there is no record of it.
func (s Store) Node(ctx context.Context, id int) (Node, error) {
	it, err := s.Table.Get(ctx, contract.VPCPartition(s.VPC), contract.NodeKey(id))
	if err != nil {
		return Node{}, fmt.Errorf("read node %d of %s: %w", id, s.VPC, err)
	}
	return decodeNode(it)
}

func decodeNode(it cloud.Item) (Node, error) {
	var n Node
	if err := json.Unmarshal(it.Body, &n); err != nil {
		return n, fmt.Errorf("record %s %s is not readable: %w", it.Partition, it.Sort, err)
	}
	if n.Schema > Schema {
		return n, fmt.Errorf("record %s %s has schema %d, this switcher knows up to %d: a newer switcher wrote it; deploy that version again", it.Partition, it.Sort, n.Schema, Schema)
	}
	n.Revision = it.Revision
	return n, nil
}

// Save writes the node if nobody else has since it was read, and returns it
// with its new revision. The error is of kind Conflict if somebody has.
func (s Store) Save(ctx context.Context, n Node, now time.Time) (Node, error) {
	n.Schema = Schema
	body, err := json.Marshal(n)
	if err != nil {
		return n, fmt.Errorf("encode the record of node %d: %w", n.ID, err)
	}
	item := cloud.Item{Partition: contract.VPCPartition(s.VPC), Sort: contract.NodeKey(n.ID), Body: body}
	if n.Phase == Deleted {
		item.Expires = now.Add(tombstoneLife)
	}
	if err := s.Table.Put(ctx, item, n.Revision); err != nil {
		return n, fmt.Errorf("save the record of node %d: %w", n.ID, err)
	}
	n.Revision++
	return n, nil
}

// Claim is the statement that a node id of the Region belongs to a resource.
type Claim struct {
	Node  int    `json:"node"`
	Owner Owner  `json:"owner"`
	VPC   string `json:"vpc"`

	Revision int64 `json:"-"`
}

// TakeClaim claims the node id for the owner in this VPC. It returns the claim
// that stands: the caller's own, or another's, which is left as it is. One that is the
// caller's own already is written again: who is about to release it must look anew. The
// revision of a new one is the time, so that it is none that an earlier claim on the id
// had: who slept since it read that one, to release it, must not release this.
func (s Store) TakeClaim(ctx context.Context, node int, owner Owner, now time.Time) (Claim, error) {
	mine := Claim{Node: node, Owner: owner, VPC: s.VPC, Revision: now.UnixNano()}
	err := s.putClaim(ctx, mine, 0)
	if err == nil || !cloud.Is(err, cloud.Conflict) {
		return mine, err
	}
	standing, err := s.claim(ctx, node)
	if err != nil || standing.Owner != owner || standing.VPC != s.VPC {
		return standing, err
	}
	return standing, s.putClaim(ctx, mine, standing.Revision)
}

func (s Store) putClaim(ctx context.Context, c Claim, revision int64) error {
	body, err := json.Marshal(c)
	if err != nil {
		return fmt.Errorf("encode the claim on node %d: %w", c.Node, err)
	}
	item := cloud.Item{Partition: contract.ClaimPartition, Sort: contract.NodeKey(c.Node), Body: body, Revision: c.Revision}
	if err := s.Table.Put(ctx, item, revision); err != nil {
		return fmt.Errorf("claim node %d: %w", c.Node, err)
	}
	return nil
}

func (s Store) claim(ctx context.Context, node int) (Claim, error) {
	it, err := s.Table.Get(ctx, contract.ClaimPartition, contract.NodeKey(node))
	if err != nil {
		return Claim{}, fmt.Errorf("read the claim on node %d: %w", node, err)
	}
	return decodeClaim(it)
}

func decodeClaim(it cloud.Item) (Claim, error) {
	c := Claim{Revision: it.Revision}
	if err := json.Unmarshal(it.Body, &c); err != nil {
		return c, fmt.Errorf("claim %s is not readable: %w", it.Sort, err)
	}
	return c, nil
}

// Claims reads the claims of this VPC's resources.
func (s Store) Claims(ctx context.Context) ([]Claim, error) {
	items, err := s.Table.Query(ctx, contract.ClaimPartition, contract.NodePrefix)
	if err != nil {
		return nil, fmt.Errorf("read the claims on node ids: %w", err)
	}
	var own []Claim
	for _, it := range items {
		c, err := decodeClaim(it)
		if err != nil {
			return nil, err
		}
		if c.VPC == s.VPC {
			own = append(own, c)
		}
	}
	return own, nil
}

// ReleaseClaim gives the node id back if the owner holds it in this VPC;
// otherwise it does nothing.
func (s Store) ReleaseClaim(ctx context.Context, node int, owner Owner) error {
	c, err := s.claim(ctx, node)
	switch {
	case cloud.Is(err, cloud.NotFound):
		return nil
	case err != nil:
		return err
	case c.Owner != owner || c.VPC != s.VPC:
		return nil
	}
	return s.DropClaim(ctx, c)
}

// DropClaim removes the claim, unless it was written again since it was read.
func (s Store) DropClaim(ctx context.Context, c Claim) error {
	err := s.Table.Delete(ctx, contract.ClaimPartition, contract.NodeKey(c.Node), c.Revision)
	if err != nil && !cloud.Is(err, cloud.Conflict) {
		return fmt.Errorf("release the claim on node %d: %w", c.Node, err)
	}
	return nil
}

// Shortage is a remembered lack of capacity.
type Shortage struct {
	Since time.Time `json:"since"` // when EC2 last refused a launch for it
	Until time.Time `json:"until"` // from then on the zone is asked again
}

// Shortages returns the zones and types (contract.CapacityKey) that lacked
// capacity a short while ago, for every switcher of the Region.
func (s Store) Shortages(ctx context.Context, now time.Time) (map[string]Shortage, error) {
	items, err := s.Table.Query(ctx, contract.CapacityPartition, "")
	if err != nil {
		return nil, fmt.Errorf("read remembered lacks of capacity: %w", err)
	}
	m := make(map[string]Shortage)
	for _, it := range items {
		var sh Shortage
		if err := json.Unmarshal(it.Body, &sh); err != nil {
			return nil, fmt.Errorf("remembered lack of capacity %s is not readable: %w", it.Sort, err)
		}
		if now.Before(sh.Until) {
			m[it.Sort] = sh
		}
	}
	return m, nil
}

// RememberShortage notes that a zone lacks capacity for a type. Losing the race
// against another switcher that notes the same is fine.
func (s Store) RememberShortage(ctx context.Context, key string, sh Shortage) error {
	body, err := json.Marshal(sh)
	if err != nil {
		return fmt.Errorf("encode a lack of capacity: %w", err)
	}
	var prev int64
	old, err := s.Table.Get(ctx, contract.CapacityPartition, key)
	if err == nil {
		prev = old.Revision
	} else if !cloud.Is(err, cloud.NotFound) {
		return fmt.Errorf("remember the lack of capacity %s: %w", key, err)
	}
	item := cloud.Item{Partition: contract.CapacityPartition, Sort: key, Body: body, Expires: sh.Until.Add(time.Hour)}
	if err := s.Table.Put(ctx, item, prev); err != nil && !cloud.Is(err, cloud.Conflict) {
		return fmt.Errorf("remember the lack of capacity %s: %w", key, err)
	}
	return nil
}

// Archive writes a finished switch to the node's history. Writing it again is fine.
func (s Store) Archive(ctx context.Context, h History, expires time.Time) error {
	body, err := json.Marshal(h)
	if err != nil {
		return fmt.Errorf("encode the history of node %d: %w", h.Node, err)
	}
	item := cloud.Item{
		Partition: contract.HistoryPartition(s.VPC, h.Node), Sort: contract.EpochKey(h.Epoch),
		Body: body, Expires: expires,
	}
	if err := s.Table.Put(ctx, item, 0); err != nil && !cloud.Is(err, cloud.Conflict) {
		return fmt.Errorf("write the history of node %d: %w", h.Node, err)
	}
	return nil
}

// History is one finished switch.
type History struct {
	Node     int                `json:"node"`
	Epoch    int                `json:"epoch"`
	Switch   string             `json:"switch"`
	Kind     string             `json:"kind"`
	Cause    Cause              `json:"cause"`
	From     string             `json:"from,omitempty"`
	FromZone string             `json:"fromZone,omitempty"`
	To       string             `json:"to,omitempty"`
	ToZone   string             `json:"toZone,omitempty"`
	Started  time.Time          `json:"started"`
	Finished time.Time          `json:"finished"`
	Recovery float64            `json:"recoverySeconds"` // from what began the switch to serving
	Phases   map[string]float64 `json:"phaseSeconds"`
	Attempts int                `json:"attempts"`
	Effects  int                `json:"effects"`
	// Missing lists the things that the node lacked at the end.
	Missing []string `json:"missing,omitempty"`
}
