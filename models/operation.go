package models

import "slices"

// Operation is something that can be asked about before it is done: a call of
// code or a client, or a use of the console.
type Operation struct {
	Name       string
	Permission Permission // that it needs
	// On is what it is about, "" for the environment as a whole.
	On RuleKind
	// Rule is the operation of the security rule that decides it for clients.
	Rule string
}

// MessageKey is the catalogue key of the operation's name for people.
func (o Operation) MessageKey() string {
	if o.On == "" && o.Name != OperationInit {
		return o.Permission.MessageKey()
	}
	return "operation." + o.Name
}

// callOperations are the operations of code and clients.
var callOperations = []Operation{
	{Name: OperationInit},
	{"functions.invoke", FunctionsInvoke, RuleFunctions, "invoke"},
	{"database.read", DatabaseRead, RuleCollection, "read"},
	{"database.aggregate", DatabaseRead, RuleCollection, "read"},
	{"database.watch", DatabaseRead, RuleCollection, "read"},
	{"database.create", DatabaseWrite, RuleCollection, "create"},
	{"database.update", DatabaseWrite, RuleCollection, "update"},
	{"database.delete", DatabaseWrite, RuleCollection, "delete"},
	{"storage.read", StorageRead, RuleBucket, "read"},
	{"storage.write", StorageWrite, RuleBucket, "write"},
	{"storage.delete", StorageWrite, RuleBucket, "write"},
}

// Operations returns what can be asked about on a plane, in the order in which it
// is shown.
func Operations(p Plane) []Operation {
	if p != PlaneConsole {
		return slices.Clone(callOperations)
	}
	var out []Operation
	for _, permission := range permissions {
		out = append(out, Operation{Name: string(permission), Permission: permission})
	}
	return out
}

// OperationOf returns an operation of a plane by its name.
func OperationOf(p Plane, name string) (Operation, bool) {
	for _, o := range Operations(p) {
		if o.Name == name {
			return o, true
		}
	}
	return Operation{}, false
}
