package shell

import (
	"slices"

	"github.com/dop251/goja/ast"
)

// command is a condition made by db.command: what a field must be, or a choice of
// such conditions.
type command struct {
	operator string // "$gt", "$and" …
	operand  any
}

// logic reports whether the command joins conditions.
func (c command) logic() bool { return slices.Contains([]string{"$and", "$or", "$nor"}, c.operator) }

// on is the condition as one of a field.
func (c command) on(field string) member {
	if c.logic() {
		list, _ := c.operand.(array)
		out := make(array, len(list))
		for i, one := range list {
			if inner, ok := one.(command); ok {
				out[i] = object{inner.on(field)}
			} else {
				out[i] = object{{field, one}}
			}
		}
		return member{c.operator, out}
	}
	if inner, ok := c.operand.(command); ok { // $not
		if inner.logic() {
			negated := object{inner.on(field)}
			return member{"$nor", array{negated}}
		}
		return member{field, object{{c.operator, object{{inner.operator, inner.operand}}}}}
	}
	return member{field, object{{c.operator, c.operand}}}
}

// top is the condition of a whole document: its parts are objects.
func (c command) top() any {
	list, _ := c.operand.(array)
	out := make(array, len(list))
	for i, one := range list {
		if inner, ok := one.(command); ok && inner.logic() {
			one = inner.top()
		}
		out[i] = one
	}
	return object{{c.operator, out}}
}

// comparisons are the commands with one value.
var comparisons = map[string]string{
	"eq": "$eq", "neq": "$ne", "gt": "$gt", "gte": "$gte", "lt": "$lt", "lte": "$lte", "in": "$in", "nin": "$nin", "exists": "$exists",
	"size": "$size", "all": "$all", "elemMatch": "$elemMatch", "expr": "$expr",
}

var logics = map[string]string{"and": "$and", "or": "$or", "nor": "$nor"}

// call reads _.gt(1), db.command.gt(1), a chain such as _.gt(1).and(_.lt(5)), and the
// makers of values.
func (r *reader) call(e *ast.CallExpression, depth int) (any, error) {
	dot, ok := e.Callee.(*ast.DotExpression)
	if !ok {
		return r.construct(e.Callee, e.ArgumentList, e.Idx0(), depth)
	}
	name := dot.Identifier.Name.String()
	if isCommand(dot.Left) {
		return r.command(name, nil, e, depth)
	}
	if inner, ok := dot.Left.(*ast.CallExpression); ok && logics[name] != "" {
		before, err := r.call(inner, depth+1)
		if err != nil {
			return nil, err
		}
		return r.command(name, before, e, depth)
	}
	return r.construct(e.Callee, e.ArgumentList, e.Idx0(), depth)
}

// isCommand reports whether an expression is db.command, or _, as everybody calls it.
func isCommand(e ast.Expression) bool {
	switch e := e.(type) {
	case *ast.Identifier:
		return e.Name == "_" || e.Name == "command"
	case *ast.DotExpression:
		db, ok := e.Left.(*ast.Identifier)
		return ok && db.Name == "db" && e.Identifier.Name == "command"
	}
	return false
}

// command makes a condition; before is what a chain began with.
func (r *reader) command(name string, before any, e *ast.CallExpression, depth int) (any, error) {
	var args array
	for _, a := range e.ArgumentList {
		v, err := r.value(a, depth+1)
		if err != nil {
			return nil, err
		}
		args = append(args, v)
	}
	if operator, ok := logics[name]; ok {
		if list, isList := first(args).(array); isList && len(args) == 1 {
			args = list
		}
		if before != nil {
			args = append(array{before}, args...)
		}
		if len(args) == 0 {
			return nil, r.refuse(e.Idx0(), "shell.arguments", "name", name)
		}
		return command{operator, args}, nil
	}
	if operator, ok := comparisons[name]; ok && len(args) == 1 {
		return command{operator, args[0]}, nil
	}
	switch {
	case name == "not" && len(args) == 1:
		if _, isCommand := args[0].(command); isCommand {
			return command{"$not", args[0]}, nil
		}
		return command{"$not", object{{"$eq", args[0]}}}, nil
	case name == "mod" && len(args) == 2:
		return command{"$mod", args}, nil
	case name == "mod" && len(args) == 1:
		return command{"$mod", args[0]}, nil
	}
	if c, ok := near(name, args); ok {
		return c, nil
	}
	if comparisons[name] != "" || name == "not" || name == "mod" {
		return nil, r.refuse(e.Idx0(), "shell.arguments", "name", name)
	}
	return nil, r.refuse(e.Idx0(), "shell.command", "name", name)
}

func first(args array) any {
	if len(args) == 0 {
		return nil
	}
	return args[0]
}

// near makes the commands about places.
func near(name string, args array) (command, bool) {
	o, ok := first(args).(object)
	if !ok || len(args) != 1 {
		return command{}, false
	}
	renamed := make(object, len(o))
	for i, m := range o {
		renamed[i] = member{"$" + m.key, m.value}
	}
	operators := map[string]string{"geoNear": "$nearSphere", "geoWithin": "$geoWithin", "geoIntersects": "$geoIntersects"}
	operator, ok := operators[name]
	return command{operator, renamed}, ok
}
