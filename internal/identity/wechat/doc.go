// Package wechat asks WeChat's servers who a person is, and for the tickets that
// sign the pages of official accounts. The addresses and fields are those of
// WeChat's documentation for servers; they can be answered by anything that
// speaks the same, such as the simulator.
//
// It knows HTTP and WeChat's numbers. It must not know sessions or users, stores
// no secret beyond a call, and never lets one into an error.
package wechat
