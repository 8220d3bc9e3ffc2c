"""How the threads of a proxy share the connections of a listener."""

from meshcompile.envoy.config.listener import (
    ListenerConnectionBalanceConfig,
    ListenerConnectionBalanceConfigExactBalance,
)

EXACT_BALANCE = ListenerConnectionBalanceConfig(exact_balance=ListenerConnectionBalanceConfigExactBalance())
