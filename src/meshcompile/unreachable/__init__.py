"""What no request can reach: routes, filter chains, rules of policies, and subsets."""
