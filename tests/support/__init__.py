"""What end-to-end tests are written with: servers, clients, processes."""
