// Package permissions holds every call of simulated runs to the roles that the
// constructs synthesise, with resources and condition keys, and every permission of
// these roles to a call that needs it. test/e2e does the same with the real function.
//
// The simulation knows calls of ports (internal/cloud), not of AWS. So each is made
// again on the real adapters (internal/awscloud), whose requests are not sent but read
// as the emulator's proxy reads them: what is authorised is what the switcher would put
// on the wire.
package permissions
