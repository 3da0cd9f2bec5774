"""Events, their ids, filters and scopes, and their encoding as Server-Sent Events. Pure."""
