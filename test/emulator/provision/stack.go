package provision

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// RolledBack is the creation or update of a stack that failed and was undone.
type RolledBack struct {
	Stack, Resource string
	Reason          error // of the resource that failed
	Undo            error // what could not be undone; nil as a rule
}

func (e *RolledBack) Error() string {
	text := fmt.Sprintf("stack %s was rolled back: resource %s: %v", e.Stack, e.Resource, e.Reason)
	if e.Undo != nil {
		text += fmt.Sprintf("; and the roll-back failed: %v", e.Undo)
	}
	return text
}

func (e *RolledBack) Unwrap() error { return e.Reason }

// operation is one change of a stack: what was done so far, to be undone.
type operation struct {
	resolver
	made       []string   // logical ids of resources that are new
	updated    []string   // of resources that were changed, the one that failed included
	superseded []*Created // replaced by others: deleted when all else is done
	retag      bool       // the stack's own tags changed
}

func (d *Deployment) operate(ctx context.Context, st *Deployed) *operation {
	return &operation{resolver: resolver{ctx: ctx, d: d, stack: st}}
}

// create makes a stack. When a resource fails, all of them are deleted again, last
// one first, the one that failed included.
func (d *Deployment) create(ctx context.Context, s *Stack) error {
	region := s.Region
	if region == "" {
		region = d.Region
	}
	st := &Deployed{
		Name: s.Name, Region: region, Resources: map[string]*Created{}, Outputs: map[string]string{},
		template: s.Template, tags: s.Tags, parameters: s.Parameters,
		ID: fmt.Sprintf("arn:aws:cloudformation:%s:%s:stack/%s/%s", region, d.Account(), s.Name, digest(s.Name+region+d.Account(), 12)),
	}
	d.mu.Lock()
	d.Stacks[s.Name] = st
	d.mu.Unlock()
	o := d.operate(ctx, st)
	if id, err := o.apply(); err != nil {
		undo := o.deleteAll(o.made)
		d.forget(s.Name)
		return &RolledBack{Stack: s.Name, Resource: id, Reason: err, Undo: undo}
	}
	return o.outputs()
}

// Update deploys a stack again, as CloudFormation does ("Update behaviors of stack
// resources" and "Update requests for custom resources", AWS CloudFormation User
// Guide):
//
//   - Resources are taken in the order of their dependencies. One whose properties,
//     with all references resolved anew, are as before is left alone; so a custom
//     resource is asked nothing, and its attributes stay at its last answer.
//   - A custom resource gets an Update with its properties and the old ones. A launch
//     template gets a new version, and what refers to its latest version changes with it.
//   - When a resource fails, those changed so far get their old properties again, in the
//     same order, with references resolved anew: a launch template gets one more
//     version. (Its versions are immutable, and that of the failed update stays: "Modify a
//     launch template", Amazon EC2 User Guide. That the roll-back's request names the newest
//     version and not the first is our assumption; both must do.)
//   - What the new template does not hold any more, and what was replaced by a resource
//     with another physical id, is deleted after all else.
//   - The stack's own tags are put on every resource that can have some: that is an
//     update of the resource with the properties that CloudFormation knows. Custom resources
//     have no tags. (Here: alarms, which are written as a whole.)
func (d *Deployment) Update(ctx context.Context, s *Stack) error {
	st := d.Stacks[s.Name]
	if st == nil {
		return fmt.Errorf("update stack %s: it is not deployed", s.Name)
	}
	o := d.operate(ctx, st)
	before := *st
	st.template, st.parameters, st.tags = s.Template, s.Parameters, s.Tags
	o.retag = !maps.Equal(before.tags, s.Tags)
	if id, err := o.apply(); err != nil {
		st.template, st.parameters, st.tags = before.template, before.parameters, before.tags
		return &RolledBack{Stack: s.Name, Resource: id, Reason: err, Undo: o.rollBack()}
	}
	var gone []string
	for _, id := range st.order {
		if _, kept := s.Template.Resources[id]; !kept {
			gone = append(gone, id)
		}
	}
	return errors.Join(o.deleteAll(gone), o.deleteSuperseded(), o.outputs())
}

// Delete deletes a stack's resources, last one first.
func (d *Deployment) Delete(ctx context.Context, name string) error {
	st := d.Stacks[name]
	if st == nil {
		return fmt.Errorf("delete stack %s: it is not deployed", name)
	}
	if err := d.operate(ctx, st).deleteAll(st.order); err != nil {
		return fmt.Errorf("delete stack %s: %w", name, err)
	}
	d.forget(name)
	return nil
}

func (d *Deployment) forget(name string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.Stacks, name)
}

// apply makes the stack what its template says. It names the resource that failed.
func (o *operation) apply() (string, error) {
	order, err := sorted(o.stack.template.Resources, Resource.needs)
	if err != nil {
		return "", err
	}
	for _, id := range order {
		res := o.stack.template.Resources[id]
		if res.Condition != "" {
			yes, err := o.holds(map[string]any{"Condition": res.Condition})
			if err != nil {
				return id, err
			}
			if !yes {
				continue
			}
		}
		if err := o.place(id, res); err != nil {
			return id, fmt.Errorf("%s: %w", res.Type, err)
		}
	}
	return "", nil
}

// place makes or changes one resource.
func (o *operation) place(id string, res Resource) error {
	want, err := o.desired(id, res)
	if err != nil {
		return err
	}
	have := o.stack.Resources[id]
	switch {
	case have == nil:
		o.made = append(o.made, id)
		err := o.make(want)
		if err == nil || want.Physical != "" {
			o.keep(want)
		}
		return err
	case have.Type != want.Type:
		return fmt.Errorf("its type was %s: CloudFormation changes no resource's type", have.Type)
	case sameProperties(have.Properties, want.Properties) && !(o.retag && want.Type == "AWS::CloudWatch::Alarm"):
		return nil
	}
	o.updated = append(o.updated, id)
	return o.change(have, want)
}

// change updates a resource. One that fails keeps its attributes, and the properties
// that were tried.
func (o *operation) change(have, want *Created) error {
	want.Physical, want.Attributes = have.Physical, maps.Clone(have.Attributes)
	in := o.input(want)
	err := update(in, have)
	if err == nil && want.Physical != have.Physical {
		o.superseded = append(o.superseded, have)
	}
	o.keep(want)
	return err
}

// keep puts a resource among the stack's; functions run meanwhile, and what they may do
// is looked up there.
func (o *operation) keep(c *Created) {
	o.d.mu.Lock()
	defer o.d.mu.Unlock()
	if o.stack.Resources[c.Logical] == nil {
		o.stack.order = append(o.stack.order, c.Logical)
	}
	o.stack.Resources[c.Logical] = c
}

// rollBack undoes an update; the stack has its old template again.
func (o *operation) rollBack() error {
	changed := o.updated
	o.updated = nil
	var errs []error
	for _, id := range changed { // they stand in the order of their dependencies
		want, err := o.desired(id, o.stack.template.Resources[id])
		if err == nil && !sameProperties(o.stack.Resources[id].Properties, want.Properties) {
			err = o.change(o.stack.Resources[id], want)
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("resource %s: %w", id, err))
		}
	}
	return errors.Join(append(errs, o.deleteAll(o.made), o.deleteSuperseded())...)
}

// deleteAll deletes resources, last one first. Those that are to be retained stay, also
// when their creation is undone ("DeletionPolicy attribute", AWS CloudFormation User Guide).
func (o *operation) deleteAll(ids []string) error {
	for _, id := range slices.Backward(slices.Clone(ids)) {
		c := o.stack.Resources[id]
		if c == nil {
			continue // it was never made
		}
		if !c.retain {
			if err := remove(o.input(c)); err != nil {
				return fmt.Errorf("resource %s (%s): %w", id, c.Type, err)
			}
		}
		o.d.mu.Lock()
		delete(o.stack.Resources, id)
		o.stack.order = slices.DeleteFunc(o.stack.order, func(x string) bool { return x == id })
		o.d.mu.Unlock()
	}
	return nil
}

func (o *operation) deleteSuperseded() error {
	for _, c := range o.superseded {
		if err := remove(o.input(c)); err != nil {
			return fmt.Errorf("resource %s, replaced: %w", c.Logical, err)
		}
	}
	return nil
}

// desired is a resource as the template wants it.
func (r resolver) desired(id string, res Resource) (*Created, error) {
	c := &Created{Logical: id, Type: res.Type, Attributes: map[string]any{}, retain: strings.HasPrefix(res.DeletionPolicy, "Retain")}
	if ineffective[res.Type] != "" {
		return c, nil
	}
	props, err := r.resolve(res.Properties)
	if err != nil {
		return nil, err
	}
	c.Properties, _ = props.(map[string]any)
	return c, nil
}

func (r resolver) make(c *Created) error {
	if ineffective[c.Type] != "" {
		c.Physical = r.stack.Name + "-" + c.Logical
		return nil
	}
	create, ok := creators[c.Type]
	if !ok && isCustom(c.Type) {
		create, ok = func(in *input) error { return in.tell("Create", nil) }, true
	}
	if !ok {
		return errors.New("the provisioner does not know this type: add a creator, or list it in ineffective with the reason")
	}
	in := r.input(c)
	if err := create(in); err != nil {
		return err
	}
	if len(in.left) > 0 {
		return fmt.Errorf("properties %s are not known to the type's creator", text(in.left))
	}
	return nil
}

func (r resolver) input(c *Created) *input {
	return &input{resolver: r, Clients: r.d.In(r.stack.Region), made: c, left: clone(c.Properties)}
}

func isCustom(kind string) bool { return strings.HasPrefix(kind, "Custom::") }

// sameProperties compares resolved properties. Numbers may stand as texts in one.
func sameProperties(a, b map[string]any) bool {
	return reflect.DeepEqual(texts(a), texts(b))
}
