"""The endpoints of clusters, as one proxy reaches them: networks, localities, addresses."""
